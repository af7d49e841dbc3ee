const PAGE =
  'There is no page. Packages that work on HTML by themselves (cheerio, node-html-parser) run here.';
const FILES =
  'A tool has no files: hand the text in as an input, or import it: .txt, .md, .csv and .json are bundled.';
const WHOLE = 'Bodies are read whole: response.text(), .json() or .bytes().';

/** Names of Node and of browsers that the sandbox does not have, and what to do instead. */
const ABSENT: Record<string, string> = {
  process: "A tool has no environment: declare permissions: { secrets: ['EXAMPLE_KEY'] }, read ctx.secrets.",
  require: "Write import x from 'x'; it is bundled.",
  Buffer: 'Use Uint8Array with TextEncoder and TextDecoder, atob and btoa.',
  __dirname: FILES,
  __filename: FILES,
  Intl: 'The sandbox has no Intl: write numbers and dates by hand, or with a package that brings its own (date-fns, dayjs).',
  document: PAGE,
  window: PAGE,
  DOMParser: PAGE,
  localStorage: 'A call keeps nothing: return what is to be kept, and hand it in as an input.',
  XMLHttpRequest: 'Use ctx.fetch.',
  WebSocket: 'Use ctx.fetch: a tool asks and is answered, and holds no connection.',
  ReadableStream: WHOLE,
  Blob: WHOLE,
  FormData: 'Use URLSearchParams, or write the body of the request as text or bytes.',
  Worker: 'A call has one thread.',
  WebAssembly: 'The sandbox runs JavaScript alone; look for a package without WebAssembly.',
};

/** What to do instead, for the message of an error that says that one of these names is not there. */
export function absentHint(message: string): string | undefined {
  const [, name] = /^(?:ReferenceError: )?'?(\w{1,40})'? is not defined$/.exec(message) ?? [];
  return name !== undefined && Object.hasOwn(ABSENT, name) ? ABSENT[name] : undefined;
}
