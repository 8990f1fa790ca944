export { parseArguments, renderArguments, type ArgumentsTemplate, type RenderedArguments } from './arguments.ts';
export { parseTemplate, type Template } from './parser.ts';
export { renderTemplate, TooMuchWork, type RenderedText } from './render.ts';
