export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
}

/** A strict reader of the XML that we write: every slip (an open tag, a bare & or <, a double attribute) throws. */
export function readXml(text: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  let at = 0;
  const fail = (why: string): never => {
    throw new Error(`${why} at ${at}: ${JSON.stringify(text.slice(at, at + 60))}`);
  };
  const checkText = (piece: string): void => {
    if (/&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i.test(piece)) fail('a bare &');
    if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(piece))
      fail('a character that XML has not');
  };
  while (at < text.length) {
    const next = text.indexOf('<', at);
    if (next < 0) {
      if (text.slice(at).trim() !== '') fail('text after the end');
      break;
    }
    checkText(text.slice(at, next));
    at = next;
    const tag = /^<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/.exec(text.slice(at, at + 5000));
    if (!tag) return fail('no tag');
    const [whole, close, name = '', rest = '', self] = tag;
    if (close) {
      if (open.pop()!.name !== name) fail(`</${name}> closes another`);
    } else {
      const attributes: Record<string, string> = {};
      for (const [, key = '', value = ''] of rest.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        if (Object.hasOwn(attributes, key)) fail(`${key} twice`);
        checkText(value);
        attributes[key] = value;
      }
      const element = { name, attributes, children: [] };
      open.at(-1)!.children.push(element);
      if (!self) open.push(element);
    }
    at += whole.length;
  }
  if (open.length !== 1) fail('a tag is not closed');
  if (root.children.length !== 1) fail('not one root');
  return root.children[0]!;
}
