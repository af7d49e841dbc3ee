import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BIN, cleanEnv, ice, temporary, toolProject, writeFiles } from '../support/ice.ts';
import { describeWith } from '../support/needs.ts';

const { dir, remove } = temporary();
let cwd: string;
let server: ChildProcess;
let address: string;
let browser: Browser;

describeWith('chromium', 4, 'in a real browser', (path) => {
  beforeAll(async () => {
    cwd = await toolProject(dir);
    writeFiles(cwd, { 'workflows/order.yaml': WORKFLOW });
    server = spawn(process.execPath, [BIN, 'dev', '--port', '0'], {
      cwd,
      env: cleanEnv(dir),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    address = await new Promise((resolve, reject) => {
      let said = '';
      server.stdout!.on('data', (chunk) => {
        said += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
        if (found) resolve(found[0]);
      });
      server.once('exit', (code) => reject(new Error(`ice dev ended with ${code}: ${said}`)));
    });
    // A sandbox of the browser's own needs more rights than a container gives; it sees nothing but our pages.
    browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    if (server?.exitCode === null) {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill();
      await gone;
    }
    remove();
  });

  test('/docs lists every operation of /openapi.json, and asks nobody for anything', async () => {
    const { page, asked, said } = await open(`${address}/docs`);
    const { paths } = (await (await fetch(`${address}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
    expect(operations.length).toBeGreaterThan(30);
    expect(await page.locator('main section:not(#schemas) > details').count()).toBe(operations.length);
    expect(await page.locator('nav li').count()).toBe(operations.length);
    expect(asked).toEqual([`${address}/docs`]);
    expect(said).toEqual([]);
    await page.close();
  });

  test('a link of /docs opens what it leads to, and nothing is wider than the window', async () => {
    const { page, said } = await open(`${address}/docs`);
    const target = page.locator('details', { has: page.locator('[id="POST-v1-projects-project-runs"]') });
    expect(await target.getAttribute('open')).toBe(null);
    await page.locator('nav a[href="#POST-v1-projects-project-runs"]').click();
    await expect.poll(() => target.getAttribute('open')).not.toBe(null);
    expect(await target.getByText('Idempotency-Key').first().isVisible()).toBe(true);
    for (const width of [1280, 420]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    expect(said).toEqual([]);
    await page.close();
  });

  test.each(['light', 'dark'] as const)(
    'the drawing of a run: whole, legible, nothing outside of its box (%s)',
    async (colorScheme) => {
      expect((await ice(['run', 'order', '-i', 'costs=[1,2,3]', '--json'], { cwd })).exit).toBe(0);
      const file = join(cwd, `run-${colorScheme}.svg`);
      expect((await ice(['graph', '--run', 'last', '--out', file], { cwd })).exit).toBe(0);
      const { page, asked, said } = await open(pathToFileURL(file).href, colorScheme);
      const drawing = await page.evaluate(() => {
        const box = (element: Element) => element.getBoundingClientRect();
        const svg = box(document.documentElement);
        const texts = [...document.querySelectorAll('text')];
        const outside = texts.filter((text) => {
          const { left, right, top, bottom } = box(text);
          return left < svg.left || right > svg.right || top < svg.top || bottom > svg.bottom;
        });
        // The innermost box around a text has to hold all of it.
        const spilled = texts.filter((text) => {
          const rect = text.parentElement?.querySelector(':scope > rect');
          return rect && box(text).right > box(rect).right;
        });
        return {
          title: document.querySelector('title')?.textContent,
          texts: texts.map((text) => text.textContent),
          outside: outside.map((text) => text.textContent),
          spilled: spilled.map((text) => text.textContent),
          rects: document.querySelectorAll('rect').length,
          ink: getComputedStyle(texts[0]!).fill,
          paper: getComputedStyle(document.querySelector('.page')!).fill,
        };
      });
      expect(drawing.title).toMatch(/^order 1\.0\.0 · succeeded/);
      for (const id of [
        'priced',
        'price',
        'added',
        'a_node_with_a_name_that_is_as_long_as_names_may_well_be',
      ])
        expect(drawing.texts.join('\n')).toContain(id);
      expect(drawing).toMatchObject({ outside: [], spilled: [] });
      expect(drawing.rects).toBeGreaterThan(4);
      expect(contrast(drawing.ink, drawing.paper)).toBeGreaterThan(7);
      expect(asked).toEqual([pathToFileURL(file).href]);
      expect(said).toEqual([]);
      await page.close();
    },
  );
});

/** Opens a page; `asked` is every request of it, `said` what it wrote to the console or threw. */
async function open(
  address: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<{ page: Page; asked: string[]; said: string[] }> {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 800 } });
  const [asked, said]: [string[], string[]] = [[], []];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  await page.goto(address, { waitUntil: 'networkidle' });
  return { page, asked, said };
}

/** The contrast of two colours as WCAG 2 reckons it. */
function contrast(a: string, b: string): number {
  const [light, dark] = [a, b].map(luminance).sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = color
    .match(/\d+/g)!
    .slice(0, 3)
    .map((part) => {
      const value = Number(part) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

const WORKFLOW = `blueprint: 2
name: order
version: 1.0.0
description: Prices an order
inputs: { costs: { type: array, items: { type: number } } }
nodes:
  - id: priced
    type: loop
    items: "{{ inputs.costs }}"
    as: cost
    body:
      - { id: price, type: tool, tool: price, args: { cost: "{{ cost }}" } }
    result: "{{ price.price }}"
  - { id: added, type: set, values: { total: "{{ sum(priced) }}" } }
  - id: a_node_with_a_name_that_is_as_long_as_names_may_well_be
    type: condition
    expression: "{{ added.total > 3 }}"
    then: [{ id: high, type: set, values: { text: high } }]
    else: [{ id: low, type: set, values: { text: low } }]
outputs: { total: "{{ added.total }}" }
`;
