import { defineTool } from 'iceos';
import { z } from 'zod';
import { quake } from './_quake.ts';

export default defineTool({
  name: 'select-quakes',
  version: '1.0.0',
  description:
    'Keeps the rows that are earthquakes of a magnitude that counts; blasts, blanks and gaps are left out',
  input: z.object({
    rows: z.array(z.unknown()).describe('Rows with the columns time, place, mag, depth and type'),
    minMagnitude: z.number().default(1),
  }),
  output: z.object({ quakes: z.array(quake), dropped: z.int() }),

  run({ rows, minMagnitude }, ctx) {
    const counted = quake.extend({ type: z.literal('earthquake'), mag: z.number().min(minMagnitude) });
    const quakes = rows.flatMap((row) => {
      const { success, data } = counted.safeParse(row);
      return success ? [{ time: data.time, place: data.place, mag: data.mag, depth: data.depth }] : [];
    });
    ctx.log.info('selected', { rows: rows.length, quakes: quakes.length });
    return { quakes, dropped: rows.length - quakes.length };
  },

  examples: [
    {
      name: 'a blast, a gap and a weak one are left out',
      input: {
        rows: [
          { time: '2018-02-01T10:00:00Z', place: 'Hawaii', mag: 2, depth: 3, type: 'earthquake' },
          { time: '2018-02-01T11:00:00Z', place: 'Hawaii', mag: 2, depth: 0, type: 'quarry blast' },
          { time: '2018-02-01T12:00:00Z', place: 'Hawaii', mag: null, depth: 3, type: 'earthquake' },
          { time: '2018-02-01T13:00:00Z', place: 'Hawaii', mag: 0.9, depth: 3, type: 'earthquake' },
        ],
      },
      output: { quakes: [{ time: '2018-02-01T10:00:00Z', place: 'Hawaii', mag: 2, depth: 3 }], dropped: 3 },
    },
  ],
});
