import { defineTool } from 'iceos';
import { z } from 'zod';

const region = z.object({
  region: z.string(),
  count: z.int(),
  median: z.number().nullable(),
  strongest: z.object({ mag: z.number(), place: z.string(), time: z.string() }),
  days: z.array(z.object({ day: z.string(), mark: z.string() })),
  sentence: z.string(),
});

const decimal = (value: number | null): string => (value === null ? '–' : value.toFixed(1));
const minute = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
/** Text for a cell of a table, where a bar would end the cell. */
const cell = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '\\|');

export default defineTool({
  name: 'render-report',
  version: '1.0.0',
  description: 'Writes the report of a week of earthquakes as Markdown',
  input: z.object({
    headline: z.string(),
    advice: z.string(),
    events: z.int().describe('Rows that were read'),
    counted: z.int().describe('Earthquakes that are strong enough to count'),
    minMagnitude: z.number(),
    regions: z.array(region),
  }),
  output: z.object({
    markdown: z.string().meta({ contentMediaType: 'text/markdown' }),
  }),

  run({ headline, advice, events, counted, minMagnitude, regions }) {
    const rows = regions.map(
      ({ region, count, median, strongest, days }) =>
        `| ${cell(region)} | ${count} | ${decimal(median)} | ${decimal(strongest.mag)} | ${days.map(({ mark }) => mark).join(' ')} |`,
    );
    const details = regions.flatMap(({ region, sentence, strongest }) => [
      `### ${region}`,
      '',
      sentence,
      '',
      `Strongest: magnitude ${decimal(strongest.mag)}, ${strongest.place}, ${minute(strongest.time)}.`,
      '',
    ]);
    const markdown = [
      '# A week of earthquakes',
      '',
      `**${headline}** ${advice}`,
      '',
      `${counted} earthquakes of magnitude ${minMagnitude} or more, among ${events} seismic events.`,
      '',
      '![Earthquakes by region](chart.svg)',
      '',
      '![Earthquakes by magnitude](magnitudes.svg)',
      '',
      '## Regions',
      '',
      '| region | earthquakes | median | strongest | day by day |',
      '|---|---:|---:|---:|---|',
      ...rows,
      '',
      'Day by day: · none of magnitude 4, ● at least one, ◉ one of magnitude 6 or more.',
      '',
      ...details,
      'Data: U.S. Geological Survey, public domain.',
      '',
    ].join('\n');
    return { markdown };
  },

  examples: [
    {
      name: 'one region',
      input: {
        headline: 'A calm week.',
        advice: 'Nothing to do.',
        events: 3,
        counted: 1,
        minMagnitude: 1,
        regions: [
          {
            region: 'Hawaii',
            count: 1,
            median: 2.04,
            strongest: { mag: 2.04, place: '5km SW of Volcano, Hawaii', time: '2018-02-01T10:05:00Z' },
            days: [{ day: '2018-02-01', mark: '·' }],
            sentence: 'Hawaii was quiet.',
          },
        ],
      },
    },
  ],
});
