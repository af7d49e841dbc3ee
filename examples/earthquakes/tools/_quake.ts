import { z } from 'zod';

/** An earthquake as the tools hand it on. */
export const quake = z.object({
  time: z.string().describe('ISO 8601, UTC'),
  place: z.string().describe('As the USGS writes it: "4km W of Castaic, CA"'),
  mag: z.number(),
  depth: z.number().describe('Kilometres'),
});
export type Quake = z.infer<typeof quake>;
