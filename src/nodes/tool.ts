import type { Manifest, Permissions } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import { capPermissions, coversHost, type PermissionPolicy } from '../contracts/permission-policy.ts';
import type { Attempt, Effect } from '../engine/ports.ts';
import { applyDefaults, checkSchema } from '../language/schema/index.ts';
import type { ArtifactStore } from '../registry/ports.ts';
import type { HostFetch, ToolRuntime } from '../sandbox/port.ts';
import { createRedactor } from '../secrets/redactor.ts';
import { grantedHosts } from './granted-hosts.ts';

/** What calls of tools need from the world. */
export interface ToolEffects {
  /** `node` is there where the operator allows full Node. */
  runtimes: {
    sandbox: ToolRuntime;
    node?: ToolRuntime;
    /** Servers of MCP, as the runs of a project reach them; absent = none. */
    mcp?(project: string): Pick<ToolRuntime, 'call'> | Promise<Pick<ToolRuntime, 'call'>>;
  };
  artifacts: Pick<ArtifactStore, 'get'>;
  /** Bundles that ship with ice, by digest. */
  shipped?(digest: string): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** The values of declared secrets; throws `secret_missing`. Without it, a tool that declares secrets fails so. */
  secrets?(project: string, names: readonly string[]): Promise<Record<string, string>>;
  /** The network behind an allow-list of hosts; see sandbox/host-fetch.ts. */
  hostFetch(
    allow: {
      hosts: readonly string[];
      hint?(host: string): string | undefined;
      timeoutMs?: number;
      taped?: boolean;
    },
    project: string,
  ): HostFetch;
  /** The most that a tool of the project may do here; absent = what it declares. */
  policy?(project: string): PermissionPolicy | undefined;
}

/**
 * The effect of a `tool` node: args against the input schema, one call in the runtime that the tool asks for, the
 * result against the output schema. Fails with `input_invalid` and `output_invalid` (schemas), `tool_failed` (it
 * threw), `tool_denied`, `tool_limit`, `tool_crashed`, `timeout`, `secret_missing`, `untrusted_code`.
 */
export function createToolEffect(effects: ToolEffects): Effect {
  return async (attempt) => {
    const component = attempt.plan.components[attempt.node.config.component ?? ''];
    if (component === undefined)
      throw new IceError('internal', `The plan has no component for ${attempt.path}`);
    const { manifest, ref } = component;
    const args = applyDefaults(manifest.input, attempt.args);
    const wrong = checkSchema(manifest.input, args);
    if (wrong !== undefined)
      throw new IceError('input_invalid', `The args do not match the input of ${ref}: ${wrong}`, {
        terminal: true,
        hint: `ice components show ${ref}`,
      });
    const direct = attempt.plan.digest === attempt.node.config.component;
    const hosts = grantedHosts(manifest.permissions.net, attempt.node.args, args, direct);
    const result = await callTool(effects, attempt, {
      runtime: await runtimeOf(effects, manifest, ref, attempt.project),
      bundle: manifest.entry,
      load: () => loadBundle(effects, attempt.project, manifest.entry, ref),
      args,
      ref,
      permissions: { ...manifest.permissions, net: hosts },
      ...(manifest.runtime === 'mcp' ? { taped: false } : {}),
      ...(manifest.permissions.net.includes('*')
        ? { hint: (host: string) => `Name the host in the node's args: hosts: ['${host}']` }
        : {}),
    });
    const broken = checkSchema(manifest.output, result);
    if (broken !== undefined)
      throw new IceError(
        'output_invalid',
        `The result of ${ref} does not match its output schema: ${broken}`,
        {
          hint:
            manifest.runtime === 'mcp'
              ? `The server does not keep to what was pinned: ice import mcp ${manifest.name.split('/')[1]}`
              : 'Mend what run() returns, or the output schema',
        },
      );
    return { result };
  };
}

/** How long a server of MCP may take for an answer: it works while it is waited for, as a tool does. */
const SERVER_TIMEOUT_MS = 60_000;

export interface RawCall {
  runtime: Pick<ToolRuntime, 'call'>;
  bundle: string;
  load(): Promise<string>;
  args: Json;
  /** For messages. */
  ref: string;
  permissions: Permissions;
  /** False: its requests do not go through the cassette of a test. */
  taped?: boolean;
  /** What to write when a host is missing; the line of the tool's permissions unless said. */
  hint?(host: string): string;
}

/** One call in a runtime: permissions capped by policy, secrets in, and out of everything that comes back. */
export async function callTool(effects: ToolEffects, attempt: Attempt, call: RawCall): Promise<Json> {
  const capped = capPermissions(call.permissions, effects.policy?.(attempt.project));
  const { permissions } = capped;
  if (capped.secrets.length > 0)
    throw new IceError(
      'tool_denied',
      `${call.ref} asks for the secret ${capped.secrets.join(', ')}, which the policy of this target does not allow`,
      { terminal: true, hint: 'Leave it out of the tool, or widen policy.permissions.secrets in ice.yaml' },
    );
  if (capped.commands.length > 0)
    throw new IceError(
      'tool_denied',
      `${call.ref} starts ${capped.commands.join(', ')}, which the policy of this target does not allow`,
      { terminal: true, hint: 'Widen policy.permissions.commands in ice.yaml, or use another server' },
    );
  const hintOf = (host: string): string | undefined =>
    capped.net.some((entry) => coversHost(entry, host))
      ? `The policy of this target does not allow it: widen policy.permissions.net in ice.yaml to '${host}'`
      : call.hint?.(host);
  const secrets = await secretsOf(effects, attempt.project, permissions.secrets, call.ref);
  const redact = createRedactor(Object.values(secrets));
  const logs = redact.lines<LogLine>(({ level, message, fields }) => attempt.log(level, message, fields));
  try {
    const result = await call.runtime.call({
      bundle: call.bundle,
      load: call.load,
      input: call.args,
      permissions,
      seed: attempt.idempotencyKey,
      now: attempt.now,
      idempotencyKey: attempt.idempotencyKey,
      owner: attempt.project,
      signal: attempt.signal,
      secrets,
      onLog: (level, message, fields) =>
        logs.push({ level, message, ...(fields === undefined ? {} : { fields: redact.json(fields) }) }),
      onProgress: (progress) =>
        attempt.progress(
          progress.message === undefined ? progress : { ...progress, message: redact.text(progress.message) },
        ),
      ...(call.permissions.net.length > 0 || call.hint !== undefined
        ? {
            fetch: effects.hostFetch(
              {
                hosts: permissions.net,
                hint: hintOf,
                // What a server of MCP answers is recorded as the answer to a call, and not as requests.
                ...(call.taped === false
                  ? { taped: false, timeoutMs: permissions.limits.timeoutMs ?? SERVER_TIMEOUT_MS }
                  : {}),
              },
              attempt.project,
            ),
          }
        : {}),
    });
    return redact.json(result);
  } catch (thrown) {
    const error = IceError.from(thrown);
    // The message of a tool is its own words; those of a limit or a crash say which tool.
    const said =
      error.code === 'tool_failed' || error.code === 'internal'
        ? error.message
        : `${call.ref}: ${error.message}`;
    throw new IceError(error.code, redact.text(said), {
      hint: error.hint === undefined ? undefined : redact.text(error.hint),
      details:
        error.details === undefined
          ? undefined
          : (redact.json(error.details as { [key: string]: Json }) as Record<string, unknown>),
      retryAfterMs: error.retryAfterMs,
      terminal: error.terminal,
    });
  } finally {
    logs.end();
  }
}

type LogArgs = Parameters<Attempt['log']>;
interface LogLine {
  level: LogArgs[0];
  message: string;
  fields?: LogArgs[2];
}

async function runtimeOf(
  effects: ToolEffects,
  manifest: Manifest,
  ref: string,
  project: string,
): Promise<Pick<ToolRuntime, 'call'>> {
  if (manifest.runtime === 'sandbox') return effects.runtimes.sandbox;
  if (manifest.runtime === 'mcp' && effects.runtimes.mcp) return effects.runtimes.mcp(project);
  if (effects.runtimes.node !== undefined) return effects.runtimes.node;
  throw new IceError('untrusted_code', `${ref} asks for runtime: node, which this target does not run`, {
    terminal: true,
    hint: 'Make the tool run in the sandbox, or ask the operator to push it, or to start the server with --trust-pushed-code',
  });
}

async function loadBundle(
  effects: ToolEffects,
  project: string,
  digest: string,
  ref: string,
): Promise<string> {
  const bytes = (await effects.shipped?.(digest)) ?? (await effects.artifacts.get(project, digest))?.bytes;
  if (bytes === undefined)
    throw new IceError('not_found', `The code of ${ref} is not on this target`, {
      terminal: true,
      hint: 'Push it, or run it from its project: ice push',
      details: { digest },
    });
  return new TextDecoder().decode(bytes);
}

async function secretsOf(
  effects: ToolEffects,
  project: string,
  names: readonly string[],
  ref: string,
): Promise<Record<string, string>> {
  if (names.length === 0) return {};
  if (effects.secrets !== undefined) return effects.secrets(project, names);
  throw new IceError(
    'secret_missing',
    `${ref} needs the secret ${names[0]}, and this target keeps no secrets`,
    {
      terminal: true,
      hint: `ice secret set ${names[0]}`,
    },
  );
}
