export { parseArguments, renderArguments, type ArgumentsTemplate, type RenderedArguments } from './arguments.ts';
export { parseTemplate, type Template } from './parser.ts';
export { renderTemplate, type RenderedText } from './render.ts';
