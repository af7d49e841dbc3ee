/** One frame of a stream of server-sent events. */
export interface SseFrame {
  event: string;
  data: string;
  id?: string;
}

/** More text than this without the end of a frame is no stream of ours; a journal entry may hold a large result. */
const MOST_CHARS = 64 * 1024 * 1024;

/**
 * Parses server-sent events (HTML living standard, 9.2) as text comes in, cut anywhere: inside a line, between CR and
 * LF, inside a character (the decoder's matter). `push` gives the frames that became complete; `onActivity` of
 * comments is the caller's business: any text at all means that the stream lives.
 */
export class SseParser {
  #line: string[] = [];
  #size = 0;
  #cr = false;
  #first = true;
  #event = '';
  #data: string[] = [];
  #id: string | undefined;
  /** What the server asked to wait before a new connection, ms. */
  retryMs: number | undefined;

  push(text: string): SseFrame[] {
    const frames: SseFrame[] = [];
    let from = 0;
    if (this.#first && text.length > 0) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) from = 1;
    }
    for (let i = from; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code !== 10 && code !== 13) {
        this.#cr = false;
        continue;
      }
      if (code === 10 && this.#cr) {
        // The second half of CRLF, perhaps of the chunk before.
        this.#cr = false;
        from = i + 1;
        continue;
      }
      this.#cr = code === 13;
      this.#line.push(text.slice(from, i));
      from = i + 1;
      const frame = this.#take(this.#line.join(''));
      this.#line = [];
      if (frame) frames.push(frame);
    }
    if (from < text.length) {
      this.#line.push(text.slice(from));
      this.#size += text.length - from;
      if (this.#size > MOST_CHARS) throw new Error('a frame of the stream is too large');
    }
    return frames;
  }

  #take(line: string): SseFrame | undefined {
    if (line === '') {
      const data = this.#data;
      const frame =
        data.length === 0
          ? undefined
          : {
              event: this.#event === '' ? 'message' : this.#event,
              data: data.join('\n'),
              ...(this.#id === undefined ? {} : { id: this.#id }),
            };
      this.#event = '';
      this.#data = [];
      this.#id = undefined;
      this.#size = 0;
      return frame;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length;
      if (this.#size > MOST_CHARS) throw new Error('a frame of the stream is too large');
    } else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }
}
