import { droppedLines, layout, type Metrics, type PlacedList, type PlacedNode } from './layout.ts';
import { captionOf, countNodes, type GraphModel, type GraphNode, reduced } from './model.ts';
import { figuresText as figuresLine } from './text.ts';

export interface SvgOptions {
  allEdges?: boolean;
}

/** XML makes one blank of several. */
const figuresText = (figures: Parameters<typeof figuresLine>[0]): string =>
  figuresLine(figures).replaceAll('  ', ' · ');

const ID_SIZE = 14;
const CAPTION_SIZE = 12;
const MARGIN = 24;
const HEAD = 34;
const MOST_WIDTH = 260;

/** The graph as an SVG image of its own: fits light and dark, has a title for screen readers, loads nothing. */
export function graphSvg(model: GraphModel, { allEdges = false }: SvgOptions = {}): string {
  const nodes = reduced(model.nodes, allEdges);
  const placed = layout(nodes, METRICS);
  const title = headline(model);
  const dropped = droppedLines(placed);
  const note = dropped === 0 ? '' : `${dropped} long ${dropped === 1 ? 'line is' : 'lines are'} not drawn`;
  const width = Math.ceil(Math.max(placed.width, widthOf(title, 16)) + 2 * MARGIN);
  const height = Math.ceil(placed.height + 2 * MARGIN + HEAD);
  const left = Math.floor((width - placed.width) / 2);
  const body = listSvg(placed, '    ');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">${xml(title)}</title>
  <desc id="desc">${xml(`${spoken(nodes)}${note === '' ? '' : ` ${note}.`}`)}</desc>
  <style>${STYLE}</style>
  <defs>
    <marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" class="head"/></marker>
  </defs>
  <rect class="page" width="${width}" height="${height}"/>
  <text class="name" x="${MARGIN}" y="${MARGIN + 10}">${xml(title)}</text>
${note === '' ? '' : `  <text class="caption" x="${width - MARGIN}" y="${MARGIN + 10}" text-anchor="end">${note}</text>\n`}  <g transform="translate(${left} ${MARGIN + HEAD})">
${body}  </g>
</svg>
`;
}

const METRICS: Metrics = {
  leaf: (node) => {
    const lines = linesOf(node);
    const widest = Math.max(...lines.map(({ text, size }) => widthOf(text, size)));
    return { width: Math.ceil(Math.max(110, widest + 32)), height: 20 + lines.length * 19 };
  },
  heading: (node) => ({ width: Math.ceil(widthOf(headingOf(node).join(' · '), ID_SIZE) + 40), height: 40 }),
  title: (list) => ({ width: Math.ceil(widthOf(list.name, CAPTION_SIZE) + 32), height: 30 }),
  padding: { x: 16, y: 16 },
  gap: { x: 28, line: 12 },
  // More lines side by side need more room to bend.
  channel: (lines) => 44 + Math.min(60, 4 * lines.filter((line) => line.from !== line.to).length),
};

function linesOf(node: GraphNode): { text: string; size: number; kind: string }[] {
  const lines = [
    { text: node.id, size: ID_SIZE, kind: 'id' },
    { text: captionOf(node), size: CAPTION_SIZE, kind: 'caption' },
    { text: figuresText(node.figures), size: CAPTION_SIZE, kind: 'figures' },
  ];
  return lines
    .filter(({ text }) => text !== '')
    .map((line) => ({ ...line, text: cut(line.text, line.size) }));
}

const headingOf = (node: GraphNode): string[] =>
  [node.id, cut(captionOf(node), CAPTION_SIZE), figuresText(node.figures)].filter((text) => text !== '');

function listSvg(list: PlacedList, indent: string): string {
  // Lines first, so that boxes lie on top of them.
  return edges(list, indent) + list.nodes.map((node) => nodeSvg(node, indent)).join('');
}

function nodeSvg({ node, x, y, width, height, lists }: PlacedNode, indent: string): string {
  const state = node.figures ? ` ${node.figures.state}` : '';
  const note = node.figures?.note;
  const tip = xml(
    [node.id, captionOf(node), figuresText(node.figures), note ?? ''].filter(Boolean).join('\n'),
  );
  if (lists.length === 0) {
    const texts = linesOf(node).map(
      ({ text, kind }, i) => `<text class="${kind}" x="${x + 16}" y="${y + 25 + i * 19}">${xml(text)}</text>`,
    );
    return `${indent}<g class="node ${kindOf(node)}${state}"><title>${tip}</title><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/><rect class="bar" x="${x}" y="${y + 8}" width="4" height="${height - 16}" rx="2"/>${texts.join('')}</g>\n`;
  }
  const [id = '', ...rest] = headingOf(node);
  let out = `${indent}<g class="group ${kindOf(node)}${state}"><title>${tip}</title><rect class="frame" x="${x}" y="${y}" width="${width}" height="${height}" rx="10"/><text x="${x + 16}" y="${y + 25}"><tspan class="id">${xml(id)}</tspan><tspan class="caption" dx="10">${xml(rest.join(' · '))}</tspan></text></g>\n`;
  for (const list of lists) {
    if (list.title !== undefined)
      out += `${indent}<g class="list"><rect class="frame" x="${list.x}" y="${list.y}" width="${list.width}" height="${list.height}" rx="8"/><text class="list-title" x="${list.x + 14}" y="${list.y + 19}">${xml(list.title)}</text></g>\n`;
    out += listSvg(list, `${indent}  `);
  }
  return out;
}

/** All lines of one channel or layer; a curve leaves and arrives straight down. */
function edges(list: PlacedList, indent: string): string {
  let out = '';
  for (const { x, y, height } of list.passing)
    if (height > 0) out += `${indent}<path class="edge" d="M${x} ${y}V${y + height}"/>\n`;
  for (const { y, height, lines } of list.channels)
    for (const { from, to, arrives } of lines) {
      const end = y + height - (arrives ? 2 : 0);
      const middle = y + height / 2;
      const path =
        from === to ? `M${from} ${y}V${end}` : `M${from} ${y}C${from} ${middle} ${to} ${middle} ${to} ${end}`;
      out += `${indent}<path class="edge" d="${path}"${arrives ? ' marker-end="url(#arrow)"' : ''}/>\n`;
    }
  return out;
}

const KINDS = new Set([
  'tool',
  'set',
  'llm',
  'agent',
  'code',
  'condition',
  'loop',
  'parallel',
  'workflow',
  'human',
  'monitor',
  'swarm',
  'recursive',
  'wait',
]);
const kindOf = (node: GraphNode): string => (KINDS.has(node.type) ? node.type : 'other');

function headline({ name, version, run }: GraphModel): string {
  return [
    name,
    version && version !== '0.0.0' ? version : '',
    run ? `· ${run.state}` : '',
    run
      ? figuresText({
          state: 'succeeded',
          ...(run.ms === undefined ? {} : { ms: run.ms }),
          ...(run.cost === undefined ? {} : { cost: run.cost }),
        })
      : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** What the picture says, in words. */
function spoken(nodes: readonly GraphNode[]): string {
  const some = nodes
    .slice(0, 30)
    .map(
      (node) =>
        `${node.id} (${captionOf(node)})${node.after.length > 0 ? ` after ${node.after.join(', ')}` : ''}`,
    );
  return `${countNodes(nodes)} nodes: ${some.join('; ')}${nodes.length > 30 ? '; …' : ''}.`;
}

/** Characters that XML 1.0 can't have at all are left out; the rest is escaped. */
export const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** About how wide a text is in a sans-serif font; good enough to keep it inside its box. */
function widthOf(text: string, size: number): number {
  let width = 0;
  for (const char of text) {
    if (/[ijl.,:;'|!()[\]]/.test(char)) width += 0.32;
    else if (/[mwMW@%]/.test(char)) width += 0.92;
    else if (/[A-Z_]/.test(char)) width += 0.68;
    else if (/[\u0020-\u024F]/.test(char)) width += 0.56;
    else width += 1;
  }
  return width * size;
}

function cut(text: string, size: number): string {
  const clean = text.replace(/\s+/g, ' ');
  if (widthOf(clean, size) <= MOST_WIDTH) return clean;
  let short = clean;
  while (short.length > 1 && widthOf(`${short}…`, size) > MOST_WIDTH)
    short = [...short].slice(0, -1).join('');
  return `${short.trimEnd()}…`;
}

const LIGHT =
  '--page:#fff;--ink:#1c2430;--dim:#5c6778;--box:#f8f9fb;--line:#c5ccd8;--edge:#8b95a7;--frame:#f1f4f9;--list:#fff';
const DARK =
  '--page:#12161d;--ink:#e8ecf3;--dim:#9aa5b8;--box:#1b212b;--line:#3a4454;--edge:#6d788c;--frame:#171c25;--list:#12161d';
const STYLE = `
    svg{${LIGHT};font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    @media (prefers-color-scheme:dark){svg{${DARK}}}
    .page{fill:var(--page)} text{fill:var(--ink);font-size:${CAPTION_SIZE}px}
    .name{font-size:16px;font-weight:600} .id{font-size:${ID_SIZE}px;font-weight:600}
    .caption,.figures{fill:var(--dim)} .list-title{fill:var(--dim);font-weight:600}
    .box{fill:var(--box);stroke:var(--line)} .frame{fill:var(--frame);stroke:var(--line)}
    .list .frame{fill:var(--list);stroke-dasharray:4 3}
    .edge{fill:none;stroke:var(--edge);stroke-width:1.5} .head{fill:var(--edge)}
    .bar{fill:#7c8aa0} .tool .bar{fill:#3b82c4} .llm .bar,.agent .bar{fill:#8b5cc7} .code .bar{fill:#b7791f} .set .bar{fill:#7c8aa0} .workflow .bar{fill:#2a9187} .human .bar,.wait .bar{fill:#c2568c}
    .succeeded>.box,.succeeded>.frame{stroke:#2f9e55} .succeeded .bar{fill:#2f9e55}
    .failed>.box,.failed>.frame{stroke:#d64539;stroke-width:2} .failed .bar{fill:#d64539} .failed .figures{fill:#d64539}
    .running>.box,.running>.frame{stroke:#3b82c4;stroke-width:2} .running .bar{fill:#3b82c4}
    .retrying>.box,.waiting>.box,.cancelled>.box,.retrying>.frame,.waiting>.frame,.cancelled>.frame{stroke:#c98a1b} .retrying .bar,.waiting .bar,.cancelled .bar{fill:#c98a1b}
    .skipped,.pending{opacity:.62} .skipped>.box,.skipped>.frame{stroke-dasharray:4 3} .skipped .bar,.pending .bar{fill:var(--line)}
  `;
