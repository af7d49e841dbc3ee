import { entry } from './code-entry.ts';

/** ICE12xx: what a document refers to, and the order of its nodes. ICE17xx: secrets. */
export const REFERENCE_CODES = {
  ICE1201: entry(
    'An unknown tool',
    'Neither the project nor the target has a tool of this name.',
    'tool: pirce@^1',
    'tool: price@^1',
  ),
  ICE1202: entry(
    'An unknown workflow or agent',
    'Neither the project nor the target has one of this name.',
    'workflow: reprot',
    'workflow: report',
  ),
  ICE1203: entry(
    'No version fits',
    'The component exists, and none of its versions is in the range. Sources of the project are looked at first; a version outside of the range is not passed over silently.',
    'tool: price@^2   # there is 1.2.0',
    'tool: price@^1',
  ),
  ICE1204: entry(
    'A component of another kind',
    'The name is that of a component of another kind than the node runs.',
    'type: tool\ntool: report   # a workflow',
    'type: workflow\nworkflow: report',
  ),
  ICE1205: entry(
    'A first-party tool without std/',
    'The tools that ship with ice have names that begin with std/. `--fix` adds it.',
    'tool: csv-parse@^1',
    'tool: std/csv-parse@^1',
  ),
  ICE1206: entry(
    'Not a reference',
    'A reference is name or name@range, in lower-case letters, digits and dashes, and no expression.',
    'tool: Price:1.0',
    'tool: price@1.0.0',
  ),
  ICE1207: entry(
    'Not a range of versions',
    'After the @ stands a range as npm writes them, a version, or the name of a tag.',
    'tool: price@^^1',
    'tool: price@^1',
  ),
  ICE1208: entry(
    'A workflow that runs itself',
    'A plan holds every workflow that it runs, so none may contain itself, directly or through others.',
    'name: report\n… workflow: report',
    'name: report\n… workflow: chapter',
  ),
  ICE1209: entry(
    'A cycle',
    'Nodes wait for each other in a circle, so none of them could ever start. The message names the way around; a node waits for what it reads, for what is read inside it, and for its `needs`.',
    'a reads b, b reads c, c reads a',
    'a reads b, b reads c',
  ),
  ICE1210: entry(
    'A node that reads itself',
    'The result of a node is there only after it has run.',
    '- id: a\n  values: { x: "{{ a.x }}" }',
    '- id: a\n  values: { x: "{{ inputs.x }}" }',
  ),
  ICE1211: entry(
    'An unknown node in `needs`',
    '`needs` names nodes of the same list, or of a list around it.',
    'needs: [lod]',
    'needs: [load]',
  ),
  ICE1212: entry(
    'A nested node in `needs`',
    'A node inside a container cannot be waited for from outside; wait for the container.',
    'needs: [price]   # inside priced',
    'needs: [priced]',
  ),
  ICE1213: entry(
    'A nested node that is read from outside',
    'A node inside a loop, condition or parallel is seen only in there. From outside only the result of the container can be read.',
    'outputs: { p: "{{ price.price }}" }',
    'outputs: { p: "{{ priced.map(x, x.price) }}" }',
  ),
  ICE1214: entry(
    'A container that is read from inside',
    'The result of a container is there only when everything in it has run.',
    'inside priced: "{{ priced }}"',
    'inside priced: "{{ row }}"',
  ),
  ICE1215: entry(
    'An input that nothing reads',
    'The input can be left out, or its name is misspelt where it is read.',
    'inputs: { csv: …, unused: … }',
    'inputs: { csv: … }',
  ),
  ICE1216: entry(
    'Values that nothing reads',
    'A `set` node has no effect, so one that nothing reads can be left out.',
    '- { id: a, type: set, values: { x: 1 } }',
    'outputs: { x: "{{ a.x }}" }',
  ),
  ICE1701: entry(
    'A secret input in a prompt',
    'Inputs with `writeOnly: true` are secrets; what a model is given, its provider sees. They may go to tools.',
    'prompt: "Use {{ inputs.key }}"',
    'args: { key: "{{ inputs.key }}" }',
  ),
  ICE1702: entry(
    'A secret input in the key of a cache',
    'The arguments of a cached node are its key, which outlives the run.',
    'cache: true\nargs: { key: "{{ inputs.key }}" }',
    'args: { key: "{{ inputs.key }}" }',
  ),
  ICE1703: entry(
    'A secret input in an output',
    'Outputs are stored and shown as they are, so this would show the secret.',
    'outputs: { key: "{{ inputs.key }}" }',
    'outputs: { done: true }',
  ),
  ICE1704: entry(
    'A secret that is not set',
    'A tool declares a secret, or a model needs the key of its provider, and neither the environment nor the project has it here. A run on this machine is refused before anything of it runs; `ice secret set NAME` asks for the value. Other targets have secrets of their own.',
    "permissions: { secrets: ['EXAMPLE_KEY'] }",
    "permissions: { secrets: ['EXAMPLE_KEY'] }   # after: ice secret set EXAMPLE_KEY",
  ),
  ICE1705: entry(
    'A model provider that is not there',
    'A model is written provider/name. This machine knows no provider of that name, so a run that names it is refused before anything of it runs. Other targets may have endpoints of their own.',
    'model: opnai/gpt-5',
    'model: openai/gpt-5   # or: ICE_MODEL_ENDPOINTS="opnai=http://127.0.0.1:11434/v1"',
  ),
};
