import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { TestHost, TestHostOptions } from '../host/test-host.ts';

export type { TestHost, TestRunEnd } from '../host/test-host.ts';

/** Opens what tests run in; see host/test-host.ts. */
export async function openTestHost(options: TestHostOptions): Promise<TestHost> {
  return (await import('../host/test-host.ts')).openTestHost(options);
}

/** What is wrong with the text of a cassette. */
export async function cassetteDiagnostics(text: string, file: string): Promise<Diagnostic[]> {
  return (await import('../host/check-cassette.ts')).cassetteDiagnostics(text, file);
}
