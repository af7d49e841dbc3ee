import type { Diagnostic } from '../contracts/diagnostics.ts';
import { checkExchanges } from '../models/cassette-file.ts';

/** What is wrong with the text of a cassette, at its places; empty when nothing is. Loads nothing else of the host. */
export const cassetteDiagnostics = async (text: string, file: string): Promise<Diagnostic[]> =>
  (await checkExchanges(text, file)).diagnostics;
