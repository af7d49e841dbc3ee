import { pad, textWidth, truncate } from './text-width.ts';
import type { Theme } from './theme.ts';

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  align?: 'left' | 'right';
  /** This column gives way when the table is wider than the screen; at most one is cut to fit. */
  flex?: boolean;
  /** Left out, last first, when even the cut table is too wide. */
  optional?: boolean;
}

const GAP = '  ';
const LEAST_FLEX = 12;

/** Rows under dim headings, columns aligned, nothing drawn between them; fits `columns` where it can. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  theme: Theme,
  width: number,
): string[] {
  let kept = [...columns];
  let cells: string[][] = [];
  let widths: number[] = [];
  for (;;) {
    cells = rows.map((row) => kept.map((column) => column.cell(row)));
    widths = kept.map((column, i) =>
      Math.max(textWidth(column.title), ...cells.map((row) => textWidth(row[i]!))),
    );
    const over = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (kept.length - 1) - width;
    if (over <= 0) break;
    const flex = kept.findIndex((column) => column.flex);
    if (flex >= 0 && widths[flex]! - over >= Math.min(LEAST_FLEX, widths[flex]!)) {
      widths[flex] = widths[flex]! - over;
      break;
    }
    const drop = kept.findLastIndex((column) => column.optional);
    if (drop < 0) {
      if (flex >= 0) widths[flex] = Math.min(LEAST_FLEX, widths[flex]!);
      break;
    }
    kept = kept.filter((_, i) => i !== drop);
  }
  const line = (texts: string[]): string =>
    texts
      .map((text, i) => {
        const cut = truncate(text, widths[i]!, theme.mark.ellipsis);
        const align = kept[i]!.align ?? 'left';
        if (align === 'left' && i === texts.length - 1) return cut;
        return pad(cut, widths[i]!, align === 'left' ? 'right' : 'left');
      })
      .join(GAP)
      .trimEnd();
  return [theme.dim(line(kept.map((column) => column.title))), ...cells.map(line)];
}
