import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/contracts/config.ts';
import type { McpServer } from '../../src/contracts/mcp-servers.ts';
import { agentDocumentSchema, agentNodeSchema } from '../../src/contracts/nodes/agent.ts';
import { projectFileSchema } from '../../src/contracts/project.ts';
import { readEndpoints, readLimits } from '../../src/models/open-models.ts';
import { priceOf, SHIPPED_PRICES } from '../../src/models/prices.ts';
import { PROVIDERS } from '../../src/models/providers/catalog.ts';
import { declaredServer } from '../../src/project/mcp-sources.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/models.md'), 'utf8');
const blocks = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)].map((match) => parse(match[2]!));

test('the examples of docs/models.md are valid', () => {
  expect(blocks).toHaveLength(3);
  expect(agentNodeSchema.safeParse(blocks[0][0]).error).toBeUndefined();
  expect(agentDocumentSchema.safeParse(blocks[1]).error).toBeUndefined();
  const { mcpServers } = blocks[2];
  expect(projectFileSchema.safeParse({ name: 'shop', mcpServers }).error).toBeUndefined();
  for (const [name, server] of Object.entries(mcpServers as Record<string, McpServer>))
    expect(declaredServer(name, server)).not.toHaveProperty('wrong');
});

test('every variable that docs/models.md names is one, and every provider and its variables are there', () => {
  const settings = new Set(
    Object.values(SETTINGS).flatMap((setting) => ('env' in setting ? [setting.env as string] : [])),
  );
  for (const [name] of page.matchAll(/\bICE_[A-Z_]+/g)) expect(settings, name).toContain(name);
  for (const [name, info] of Object.entries(PROVIDERS))
    for (const word of [name, info.baseUrl, ...info.keys]) expect(page).toContain(`\`${word}`);
  const exampleOf = (variable: string) => new RegExp(`${variable}="([^"]+)"`).exec(page)![1]!;
  expect(readEndpoints(exampleOf('ICE_MODEL_ENDPOINTS'))).toHaveLength(1);
  expect(Object.keys(readLimits(exampleOf('ICE_MODEL_LIMITS')))).toEqual(['openai/*', '*']);
  expect(priceOf(SHIPPED_PRICES, 'echo/default')).toEqual({ input: 1, output: 5 });
});
