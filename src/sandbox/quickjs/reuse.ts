import type { QuickJS, Snapshot } from 'quickjs-wasi';
import { LiveVm, type VmOptions } from './vm.ts';

/**
 * Going back to a snapshot inside a VM that is there (LiveVm.rewind) is twice as fast as a new VM and uses what the
 * library does not promise. This is what it knows: with any other field there may be state that it would leave behind.
 */
const FIELDS = [
  'exports',
  'module',
  'instance',
  'encoder',
  'decoder',
  'disposed',
  'hostCallbacks',
  'nextInternalId',
  'interruptHandler',
  'unhandledRejectionHandler',
  'moduleNormalizeHandler',
  'moduleLoadHandler',
  'timezoneOffsetHandler',
  '_global',
  '_versions',
  '_undefined',
  '_null',
  '_true',
  '_false',
  '_ownedHandles',
  '_activeScope',
  'loadedExtensions',
];
/** What a program exports besides functions. */
const EXPORTS = ['__indirect_function_table table', '__stack_pointer global', 'memory memory'];

/** Whether the library and its program are made as `rewind` knows them. */
export function isKnownShape(vm: QuickJS, wasm: WebAssembly.Module): boolean {
  const fields = Object.getOwnPropertyNames(vm).sort();
  const exports = WebAssembly.Module.exports(wasm)
    .filter(({ kind }) => kind !== 'function')
    .map(({ name, kind }) => `${name} ${kind}`);
  const { _getMemory, _getExports, _ownedHandles } = vm as unknown as Record<string, unknown>;
  return (
    fields.join() === FIELDS.toSorted().join() &&
    exports.sort().join() === EXPORTS.join() &&
    typeof _getMemory === 'function' &&
    typeof _getExports === 'function' &&
    _ownedHandles instanceof Set
  );
}

/** Whether a VM can be rewound here: by its shape, and by trying it. Otherwise each call has a new one. */
export async function canRewind(snapshot: Snapshot, options: VmOptions): Promise<boolean> {
  const live = await LiveVm.restore(snapshot, options);
  const ask = (code: string): string => {
    const answer = live.vm.evalCode(code);
    const text = answer.toString();
    answer.dispose();
    return text;
  };
  try {
    if (!isKnownShape(live.vm, options.wasm)) return false;
    for (let i = 0; i < 2; i++) {
      if (ask('globalThis.left = (globalThis.left ?? 0) + 1; String(left)') !== '1') return false;
      if (!live.rewind()) return false;
    }
    return live.enter('next') === -1;
  } catch {
    // Whatever it is that does not work: a new VM for each call does.
    return false;
  } finally {
    live.dispose();
  }
}
