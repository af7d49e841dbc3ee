/** A tolerant reader of HTML: what browsers would mostly see, without scripts, styles or errors. */

export interface Element {
  tag: string;
  attributes: ReadonlyMap<string, string>;
  children: (Element | string)[];
  parent: Element | undefined;
}

const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));
const RAW = new Set('script style textarea title xmp iframe noembed noframes'.split(' '));
/** A start tag that ends an open one: `<li>` ends `<li>`. The third part bounds how far up is looked. */
const ENDS: Record<string, [ends: string[], until: string[]]> = {
  li: [['li'], ['ul', 'ol', 'menu']],
  dt: [['dt', 'dd'], ['dl']],
  dd: [['dt', 'dd'], ['dl']],
  tr: [
    ['tr', 'td', 'th'],
    ['table', 'thead', 'tbody', 'tfoot'],
  ],
  td: [
    ['td', 'th'],
    ['tr', 'table'],
  ],
  th: [
    ['td', 'th'],
    ['tr', 'table'],
  ],
  tbody: [['tbody', 'thead', 'tfoot', 'tr', 'td', 'th'], ['table']],
  thead: [['tbody', 'thead', 'tfoot', 'tr', 'td', 'th'], ['table']],
  tfoot: [['tbody', 'thead', 'tfoot', 'tr', 'td', 'th'], ['table']],
  option: [['option'], ['select', 'optgroup', 'datalist']],
  optgroup: [['option', 'optgroup'], ['select']],
};
const BLOCKS = new Set(
  'address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul'.split(
    ' ',
  ),
);
const MOST_DEPTH = 500;
const MOST_NODES = 1_000_000;

/** The page does not fit: too deep or too many elements. */
export class TooLargeError extends Error {}

const ATTRIBUTE = /([^\s"'<>/=\u0000]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/y;
const TAG_NAME = /[a-zA-Z][^\s/>]*/y;

/** Reads a page into a tree; whatever is broken is mended as browsers mend the common cases. */
export function parseHtml(html: string): Element {
  const root: Element = { tag: '#root', attributes: new Map(), children: [], parent: undefined };
  let current = root;
  let depth = 0;
  let nodes = 0;
  let at = 0;

  const addText = (text: string): void => {
    if (text === '') return;
    const last = current.children.length - 1;
    const before = current.children[last];
    if (typeof before === 'string') current.children[last] = before + text;
    else current.children.push(text);
  };
  const close = (element: Element): void => {
    for (let it = current; it !== element; it = it.parent!) depth -= 1;
    depth -= 1;
    current = element.parent!;
  };
  const openAbove = (tags: readonly string[], until: readonly string[]): Element | undefined => {
    let found: Element | undefined;
    for (let it: Element | undefined = current; it !== undefined && !until.includes(it.tag); it = it.parent)
      if (tags.includes(it.tag)) found = it;
    return found;
  };

  while (at < html.length) {
    const lt = html.indexOf('<', at);
    if (lt < 0) {
      addText(decodeEntities(html.slice(at)));
      break;
    }
    addText(decodeEntities(html.slice(at, lt)));
    at = lt;
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    if (html[at + 1] === '!' || html[at + 1] === '?') {
      const end = html.indexOf('>', at);
      at = end < 0 ? html.length : end + 1;
      continue;
    }
    const isEnd = html[at + 1] === '/';
    TAG_NAME.lastIndex = at + (isEnd ? 2 : 1);
    const name = TAG_NAME.exec(html);
    if (name === null) {
      addText('<');
      at += 1;
      continue;
    }
    const tag = name[0].toLowerCase();
    at = TAG_NAME.lastIndex;
    const attributes = new Map<string, string>();
    let selfClosed = false;
    while (at < html.length && html[at] !== '>') {
      ATTRIBUTE.lastIndex = at;
      const attribute = /[\s/"'=]/.test(html[at]!) ? null : ATTRIBUTE.exec(html);
      selfClosed = html[at] === '/' && html[at + 1] === '>';
      if (attribute === null) {
        at += 1;
        continue;
      }
      at = ATTRIBUTE.lastIndex;
      const key = attribute[1]!.toLowerCase();
      if (!attributes.has(key))
        attributes.set(key, decodeEntities(attribute[2] ?? attribute[3] ?? attribute[4] ?? ''));
    }
    at += 1;
    if (isEnd) {
      let open: Element | undefined = current;
      while (open !== undefined && open.tag !== tag) open = open.parent;
      if (open !== undefined) close(open);
      continue;
    }
    const ends = ENDS[tag];
    const ended = ends
      ? openAbove(...ends)
      : BLOCKS.has(tag)
        ? openAbove(['p'], ['button', 'table', 'td', 'th', 'caption'])
        : undefined;
    if (ended !== undefined) close(ended);
    if (++nodes > MOST_NODES) throw new TooLargeError(`More than ${MOST_NODES} elements`);
    const element: Element = { tag, attributes, children: [], parent: current };
    current.children.push(element);
    if (VOID.has(tag) || (selfClosed && tag !== 'script')) continue;
    if (RAW.has(tag)) {
      const end = new RegExp(`</${tag}[\\s/>]`, 'gi');
      end.lastIndex = at;
      const stop = end.exec(html)?.index ?? html.length;
      const raw = html.slice(at, stop);
      if (raw !== '')
        element.children.push(tag === 'title' || tag === 'textarea' ? decodeEntities(raw) : raw);
      const gt = html.indexOf('>', stop);
      at = gt < 0 ? html.length : gt + 1;
      continue;
    }
    if (++depth > MOST_DEPTH)
      throw new TooLargeError(`Elements are nested more than ${MOST_DEPTH} levels deep`);
    current = element;
  }
  return root;
}

const NAMED: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  iexcl: '¡',
  cent: '¢',
  pound: '£',
  yen: '¥',
  sect: '§',
  copy: '©',
  laquo: '«',
  raquo: '»',
  reg: '®',
  deg: '°',
  plusmn: '±',
  sup2: '²',
  sup3: '³',
  micro: 'µ',
  para: '¶',
  middot: '·',
  frac12: '½',
  frac14: '¼',
  frac34: '¾',
  iquest: '¿',
  times: '×',
  divide: '÷',
  szlig: 'ß',
  agrave: 'à',
  aacute: 'á',
  acirc: 'â',
  atilde: 'ã',
  auml: 'ä',
  aring: 'å',
  aelig: 'æ',
  ccedil: 'ç',
  egrave: 'è',
  eacute: 'é',
  ecirc: 'ê',
  euml: 'ë',
  igrave: 'ì',
  iacute: 'í',
  icirc: 'î',
  iuml: 'ï',
  ntilde: 'ñ',
  ograve: 'ò',
  oacute: 'ó',
  ocirc: 'ô',
  otilde: 'õ',
  ouml: 'ö',
  oslash: 'ø',
  ugrave: 'ù',
  uacute: 'ú',
  ucirc: 'û',
  uuml: 'ü',
  yacute: 'ý',
  yuml: 'ÿ',
  Agrave: 'À',
  Aacute: 'Á',
  Acirc: 'Â',
  Atilde: 'Ã',
  Auml: 'Ä',
  Aring: 'Å',
  AElig: 'Æ',
  Ccedil: 'Ç',
  Egrave: 'È',
  Eacute: 'É',
  Ecirc: 'Ê',
  Euml: 'Ë',
  Iacute: 'Í',
  Ntilde: 'Ñ',
  Oacute: 'Ó',
  Ocirc: 'Ô',
  Otilde: 'Õ',
  Ouml: 'Ö',
  Oslash: 'Ø',
  Uacute: 'Ú',
  Ucirc: 'Û',
  Uuml: 'Ü',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  dagger: '†',
  Dagger: '‡',
  bull: '•',
  hellip: '…',
  permil: '‰',
  prime: '′',
  Prime: '″',
  lsaquo: '‹',
  rsaquo: '›',
  oline: '‾',
  euro: '€',
  trade: '™',
  larr: '←',
  uarr: '↑',
  rarr: '→',
  darr: '↓',
  harr: '↔',
  minus: '−',
  infin: '∞',
  asymp: '≈',
  ne: '≠',
  le: '≤',
  ge: '≥',
  ensp: '\u2002',
  emsp: '\u2003',
  thinsp: '\u2009',
  zwnj: '\u200c',
  zwj: '\u200d',
  shy: '\u00ad',
  check: '✓',
  star: '☆',
  hearts: '♥',
};

/** Named (the common ones) and numeric references; what is none stays as it is. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,31}));?/g,
    (all, decimal, hex, name) => {
      if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      return valid ? String.fromCodePoint(code) : '\u{fffd}';
    },
  );
}
