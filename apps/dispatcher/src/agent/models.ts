import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, tool, type LanguageModel, type ModelMessage, type ToolSet } from 'ai';
import { withoutSecrets, type JsonObject, type JsonValue } from '@agent-platform/json';
import { modelFailure } from './model-failure.ts';

export interface ProviderConfig {
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
}

export interface ModelsConfig {
  readonly openai: ProviderConfig;
  readonly anthropic: ProviderConfig;
  /** One answer of a model, at most. */
  readonly turnTimeoutMs: number;
}

export interface ModelTool {
  readonly name: string;
  readonly description: string | undefined;
  readonly inputSchema: JsonObject;
}

export interface TurnRequest {
  /** "<provider>/<model>" */
  readonly model: string;
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  readonly signal: AbortSignal;
}

/** One answer of a model. Plain JSON: it is journaled, and the next turn may be in another process. */
export interface Turn {
  /** As it goes back to the model; absent when it said nothing at all. */
  readonly message?: ModelMessage;
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finishReason: string;
  readonly usage: { readonly inputTokens?: number | undefined; readonly outputTokens?: number | undefined };
}

export interface Models {
  /** Why the model cannot be used: what to configure. */
  problemWith(model: string): string | undefined;
  /** @throws ModelFailure */
  turn(request: TurnRequest): Promise<Turn>;
}

const OPENAI_URL = 'https://api.openai.com/v1';

export function createModels(config: ModelsConfig): Models {
  // Its warnings would go to the console, past the logger.
  globalThis.AI_SDK_LOG_WARNINGS = false;
  // A provider may quote the key it refuses.
  const keys = [config.openai.apiKey, config.anthropic.apiKey].flatMap((key) => key || []);
  return {
    problemWith: (model) => (languageModel(config, model) ? undefined : whatToSet(model)),
    async turn({ model, instructions, messages, tools, signal }) {
      try {
        const result = await generateText({
          model: languageModel(config, model)!,
          ...(instructions && { instructions }),
          messages: [...messages],
          tools: toolSet(tools),
          maxRetries: 0,
          abortSignal: AbortSignal.any([signal, AbortSignal.timeout(config.turnTimeoutMs)]),
        });
        const message = result.responseMessages.find(({ role }) => role === 'assistant');
        const { inputTokens, outputTokens } = result.usage;
        const turn: Turn = {
          ...(message && { message }),
          text: result.text,
          calls: result.toolCalls.map((call) => ({
            id: call.toolCallId,
            name: call.toolName,
            input: call.input as unknown,
          })),
          finishReason: result.finishReason,
          usage: { inputTokens, outputTokens },
        };
        return withoutSecrets(turn as unknown as JsonValue, keys) as unknown as Turn;
      } catch (error) {
        throw modelFailure(error, keys);
      }
    },
  };
}

/** Tools without `execute`: the model only says what it wants, and the run decides what is done. */
function toolSet(tools: readonly ModelTool[]): ToolSet {
  return Object.fromEntries(
    tools.map(({ name, description, inputSchema }) => [
      name,
      tool({ ...(description !== undefined && { description }), inputSchema: jsonSchema(inputSchema) }),
    ]),
  );
}

function languageModel(config: ModelsConfig, model: string): LanguageModel | undefined {
  const [provider, name] = split(model);
  const { baseUrl: baseURL, apiKey } = provider === 'anthropic' ? config.anthropic : config.openai;
  if (provider === 'anthropic') {
    return apiKey ? createAnthropic({ apiKey, ...(baseURL && { baseURL: withVersion(baseURL) }) })(name) : undefined;
  }
  // Servers of one's own often want no key.
  if (provider !== 'openai' || (!apiKey && !baseURL)) return undefined;
  return createOpenAICompatible({ name: 'openai', baseURL: baseURL ?? OPENAI_URL, ...(apiKey && { apiKey }) })(name);
}

function whatToSet(model: string): string {
  const [provider] = split(model);
  if (provider === 'anthropic') return `Model ${model} needs ANTHROPIC_API_KEY: set it and start the dispatcher again.`;
  if (provider === 'openai') {
    return `Model ${model} needs OPENAI_API_KEY (or OPENAI_BASE_URL, for a server of your own): set it and start the dispatcher again.`;
  }
  return `Model ${model} is of no known provider: write openai/<model> or anthropic/<model>.`;
}

function split(model: string): [provider: string, name: string] {
  const slash = model.indexOf('/');
  return [model.slice(0, slash), model.slice(slash + 1)];
}

/** ANTHROPIC_BASE_URL is written without the version, as Anthropic's own clients take it. */
function withVersion(url: string): string {
  return new URL(url).pathname === '/' ? new URL('/v1', url).href : url;
}
