import * as z from 'zod';
import { durationMs } from '../contracts/durations.ts';
import { IceError } from '../contracts/errors.ts';
import type { CheckSchema } from './instance/instance.ts';
import type { ModelLimits } from './limits.ts';
import { createModels } from './models.ts';
import type { Models, Provider } from './port.ts';
import { priceTable } from './prices.ts';
import { createAiSdkProvider } from './providers/ai-sdk.ts';
import { PROVIDERS, type ProviderName } from './providers/catalog.ts';
import { createEchoProvider } from './providers/echo.ts';

/** The texts of the settings of the same names (see contracts/config.ts); all may be absent. */
export interface ModelSettings {
  /** The content of the file of `ICE_MODEL_PRICES`. */
  prices?: string;
  /** `ICE_MODEL_LIMITS`: `openai/*=concurrency:4,requestsPerMinute:60; *=concurrency:20`. */
  limits?: string;
  /** `ICE_MODEL_ENDPOINTS`: `ollama=http://127.0.0.1:11434/v1 groq=https://api.groq.com/openai/v1`. */
  endpoints?: string;
  /** `ICE_MODEL_TIMEOUT`: the longest silence of a provider, as `120s` or milliseconds. */
  timeout?: string;
}

export interface OpenModelsOptions {
  settings?: ModelSettings;
  /** Addresses of the providers (`OPENAI_BASE_URL` …); the operator's, never a project's. */
  env: Record<string, string | undefined>;
  /** The value of a provider's key for a project: from its secrets, and where the operator allows it the environment. */
  keyOf(name: string, project: string | undefined): Promise<string | undefined>;
  checkSchema: CheckSchema;
  fetch?: typeof fetch;
}

/**
 * All providers of a target: echo, those of the AI SDK, and an `openai-compatible` one for each named endpoint (its
 * key is `<NAME>_API_KEY`, if it is set). Loads none of their packages. Fails with `bad_request` on a setting that
 * can't be read, and names it.
 */
export function openModels(options: OpenModelsOptions): Models {
  const { settings = {}, env, keyOf } = options;
  const shared = { keyOf, stallMs: readTimeout(settings.timeout), fetch: options.fetch };
  const providers: Provider[] = [createEchoProvider({ checkSchema: options.checkSchema })];
  for (const protocol of Object.keys(PROVIDERS) as ProviderName[]) {
    const baseUrl = env[PROVIDERS[protocol].baseUrl];
    providers.push(createAiSdkProvider({ ...shared, protocol, ...(baseUrl ? { baseUrl } : {}) }));
  }
  for (const [name, baseUrl] of readEndpoints(settings.endpoints ?? '')) {
    const keys = [`${name.toUpperCase().replaceAll('-', '_')}_API_KEY`];
    providers.push(createAiSdkProvider({ ...shared, protocol: 'openai-compatible', name, baseUrl, keys }));
  }
  return createModels({
    providers,
    checkSchema: options.checkSchema,
    prices: priceTable(settings.prices, 'ICE_MODEL_PRICES'),
    limits: readLimits(settings.limits ?? ''),
  });
}

const wrong = (setting: string, reason: string, example: string): IceError =>
  new IceError('bad_request', `${setting}: ${reason}`, { hint: `Write it as ${setting}="${example}".` });

/** Milliseconds of a length of time; undefined when it is not said. */
export function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const ms = durationMs(/^\d+$/.test(text) ? Number(text) : text);
  if (ms === undefined || ms > 3_600_000)
    throw wrong('ICE_MODEL_TIMEOUT', `'${text}' is no length of time up to an hour`, '120s');
  return ms;
}

/** `name=url` pairs, apart by spaces. */
export function readEndpoints(text: string): [name: string, url: string][] {
  const example = 'ollama=http://127.0.0.1:11434/v1 groq=https://api.groq.com/openai/v1';
  const seen = new Set<string>(['echo', ...Object.keys(PROVIDERS)]);
  return text
    .split(/\s+/)
    .filter((part) => part !== '')
    .map((part) => {
      const [, name, url] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(part) ?? [];
      if (!name || !url || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
        throw wrong('ICE_MODEL_ENDPOINTS', `'${part}' is no name=address`, example);
      if (seen.has(name)) throw wrong('ICE_MODEL_ENDPOINTS', `there is a provider ${name} already`, example);
      seen.add(name);
      return [name, url];
    });
}

const limitSchema = z.strictObject({
  concurrency: z.coerce.number().int().min(1).max(10_000).optional(),
  requestsPerMinute: z.coerce.number().int().min(1).max(1_000_000).optional(),
});

/** `model=key:number,key:number`, apart by `;`. */
export function readLimits(text: string): Record<string, ModelLimits> {
  const example = 'openai/*=concurrency:4,requestsPerMinute:60; *=concurrency:20';
  const limits: Record<string, ModelLimits> = {};
  for (const part of text.split(';').map((each) => each.trim())) {
    if (part === '') continue;
    const [, model, rest] = /^(\*|[a-z0-9-]+\/\S+?)\s*=\s*(\S.*)$/.exec(part) ?? [];
    if (!model || !rest) throw wrong('ICE_MODEL_LIMITS', `'${part}' is no model=limits`, example);
    const pairs = rest.split(',').map((pair) => pair.trim().split(':') as [string, string]);
    const parsed = limitSchema.safeParse(Object.fromEntries(pairs));
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw wrong('ICE_MODEL_LIMITS', `'${part}': ${issue.path.join('.')} ${issue.message}`.trim(), example);
    }
    limits[model] = parsed.data;
  }
  return limits;
}
