import { z } from 'zod';

/** What a step of a case looks like on the outside; everything that is said is checked. */
const expectation = {
  exit: z.union([z.number().int(), z.array(z.number().int())]).optional(),
  /** `error.code` of the JSON document. */
  code: z.string().optional(),
  /** The first diagnostic's code, and its line. */
  diagnostic: z.string().optional(),
  line: z.number().int().optional(),
  /** Paths into the JSON document -> expected values: `run.state: succeeded`. */
  json: z.record(z.string(), z.unknown()).optional(),
  stdout: z.string().optional(),
  stderr: z.string().optional(),
  not: z.string().optional(),
};

/** A file of the project is there (and holds a text), or stdout or stderr has a text. */
const when = z.strictObject({
  file: z.string().optional(),
  holds: z.string().optional(),
  output: z.string().optional(),
});
export type When = z.infer<typeof when>;

const ice = z.strictObject({
  ice: z.array(z.union([z.string(), z.number().transform(String)])),
  stdin: z.string().optional(),
  closedStdin: z.boolean().optional(),
  env: z.record(z.string(), z.string().nullable()).optional(),
  /** Sent to the process (with all that it started) this long after its start, or once `signalWhen` is so. */
  signal: z.enum(['SIGINT', 'SIGTERM', 'SIGKILL', 'SIGHUP']).optional(),
  signalAfterMs: z.number().int().optional(),
  signalWhen: when.optional(),
  /** Stops reading stdout after this many bytes and closes the pipe. */
  closeStdoutAfter: z.number().int().optional(),
  /** Reads stdout only after this long. */
  slowStdoutMs: z.number().int().optional(),
  /** SIGSTOP at this time, SIGCONT that much later. */
  stopAtMs: z.number().int().optional(),
  stopForMs: z.number().int().optional(),
  cwd: z.string().optional(),
  /** Runs unprivileged (uid nobody): root ignores file modes. */
  unprivileged: z.boolean().optional(),
  /** Leave it running; later steps meet it. It is ended after the case. */
  background: z.boolean().optional(),
  /** With background: go on when this is so. */
  until: when.optional(),
  ...expectation,
});

const step = z.union([
  ice,
  z.strictObject({ write: z.record(z.string(), z.string()) }),
  /** A file of `size` bytes made of `text` repeated, between `before` and `after`. */
  z.strictObject({
    fill: z.strictObject({
      file: z.string(),
      size: z.number().int(),
      text: z.string(),
      before: z.string().default(''),
      after: z.string().default(''),
    }),
  }),
  z.strictObject({ bytes: z.strictObject({ file: z.string(), base64: z.string() }) }),
  z.strictObject({ chmod: z.record(z.string(), z.string()) }),
  z.strictObject({ remove: z.array(z.string()) }),
  /** SIGKILL to all background steps, with all that they started. */
  z.strictObject({ killBackground: z.literal(true) }),
  z.strictObject({ sql: z.string(), database: z.string().optional() }),
  /** Overwrites a part of a file with noise. */
  z.strictObject({
    corrupt: z.strictObject({ file: z.string(), offset: z.number().int(), length: z.number().int() }),
  }),
  /** Listens on the port, so that it is in use. */
  z.strictObject({ occupy: z.number().int() }),
  /** Fills the small file system that the case lives on (`disk`), but for `leave` bytes. */
  z.strictObject({ fillDisk: z.strictObject({ leave: z.number().int() }) }),
  z.strictObject({ waitMs: z.number().int() }),
  /** Ice steps that start together; each is checked. `exits` are the codes of all, in any order. */
  z.strictObject({ together: z.array(ice), exits: z.array(z.number().int()).optional() }),
]);
export type Step = z.infer<typeof step>;
export type IceStep = z.infer<typeof ice>;

export const faultSchema = z.strictObject({
  case: z.string(),
  why: z.string().optional(),
  /** The project it starts from: what `ice init --template NAME` writes; `none` = an empty folder. */
  project: z.string().default('tool'),
  /** The folder's name, to try spaces and other letters. */
  folder: z.string().optional(),
  /** The case lives on a file system of this many bytes (needs root; else it is named as not run). */
  disk: z.number().int().optional(),
  files: z.record(z.string(), z.string()).default({}),
  steps: z.array(step),
  /** After the case each database must be whole and each journal gapless, unless the case broke it on purpose. */
  database: z.enum(['whole', 'broken', 'none']).default('whole'),
});
export type Fault = z.infer<typeof faultSchema>;
