import { defineTool } from 'iceos';
import { z } from 'zod';
import { type Quake, quake } from './_quake.ts';

/** What the feed shortens. */
const LONG_NAMES: Record<string, string> = { CA: 'California', MX: 'Mexico' };

/** "4km W of Castaic, CA" lies in California; "Reykjanes Ridge" is a region by itself. */
const regionOf = (place: string): string => {
  const last = place.split(',').at(-1)!.trim();
  return LONG_NAMES[last] ?? last;
};

const strongestOf = (quakes: readonly Quake[]): Quake => quakes.reduce((a, b) => (b.mag > a.mag ? b : a));

export default defineTool({
  name: 'group-by-region',
  version: '1.0.0',
  description: 'Sorts earthquakes into regions and days; the largest regions come first, all others are one',
  input: z.object({
    quakes: z.array(quake),
    top: z.int().min(1).max(50).default(6).describe('Regions with a name; all others are "Elsewhere"'),
  }),
  output: z.object({
    regions: z.array(
      z.object({
        region: z.string(),
        magnitudes: z.array(z.number()),
        strongest: quake,
        days: z.array(z.object({ day: z.string(), count: z.int(), strongest: z.number() })),
      }),
    ),
  }),

  run({ quakes, top }) {
    const byRegion = Map.groupBy(quakes, ({ place }) => regionOf(place));
    const largest = [...byRegion].sort(([a, as], [b, bs]) => bs.length - as.length || (a < b ? -1 : 1));
    const others = largest.slice(top).flatMap(([, list]) => list);
    const groups = [...largest.slice(0, top), ...(others.length > 0 ? [['Elsewhere', others] as const] : [])];
    return {
      regions: groups.map(([region, list]) => ({
        region,
        magnitudes: list.map(({ mag }) => mag),
        strongest: strongestOf(list),
        days: [...Map.groupBy(list, ({ time }) => time.slice(0, 10))]
          .map(([day, ofDay]) => ({ day, count: ofDay.length, strongest: strongestOf(ofDay).mag }))
          .sort((a, b) => (a.day < b.day ? -1 : 1)),
      })),
    };
  },

  examples: [
    {
      name: 'one region and the rest',
      input: {
        top: 1,
        quakes: [
          { time: '2018-02-01T10:00:00Z', place: '4km W of Castaic, CA', mag: 2, depth: 26.5 },
          { time: '2018-02-02T11:00:00Z', place: '12km N of Ojai, California', mag: 1.5, depth: 8 },
          { time: '2018-02-02T12:00:00Z', place: 'Reykjanes Ridge', mag: 4.4, depth: 10 },
        ],
      },
      output: {
        regions: [
          {
            region: 'California',
            magnitudes: [2, 1.5],
            strongest: { time: '2018-02-01T10:00:00Z', place: '4km W of Castaic, CA', mag: 2, depth: 26.5 },
            days: [
              { day: '2018-02-01', count: 1, strongest: 2 },
              { day: '2018-02-02', count: 1, strongest: 1.5 },
            ],
          },
          {
            region: 'Elsewhere',
            magnitudes: [4.4],
            strongest: { time: '2018-02-02T12:00:00Z', place: 'Reykjanes Ridge', mag: 4.4, depth: 10 },
            days: [{ day: '2018-02-02', count: 1, strongest: 4.4 }],
          },
        ],
      },
    },
    { name: 'nothing', input: { quakes: [] }, output: { regions: [] } },
  ],
});
