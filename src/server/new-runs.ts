/** What turns a request into a run that can be made: what the first one needs is one file to load. */
export { createCompiler } from './compile.ts';
export { checkInputs } from './run-inputs.ts';
