/** Reads a drawing of boxes and lines as a person does: follows each line from under its box to the arrows. */
export function readDrawing(lines: readonly string[]): { nodes: string[]; edges: string[] } {
  const grid = lines.map((line) => [...line]);
  const at = (x: number, y: number): string => grid[y]?.[x] ?? ' ';
  interface Box {
    id: string;
    left: number;
    right: number;
    top: number;
    bottom: number;
  }
  const boxes: Box[] = [];
  grid.forEach((row, y) => {
    row.forEach((char, x) => {
      if (char !== '┌') return;
      const right = row.indexOf('┐', x);
      let bottom = y + 1;
      while (at(x, bottom) === '│') bottom++;
      const id =
        row &&
        grid[y + 1]!.slice(x + 1, right)
          .join('')
          .trim();
      boxes.push({ id, left: x, right, top: y, bottom });
    });
  });
  const edges = new Set<string>();
  for (const box of boxes) {
    for (let x = box.left + 1; x < box.right; x++) {
      if (at(x, box.bottom) !== '┬') continue;
      const seen = new Set<string>();
      const follow = (px: number, py: number, dx: number, dy: number): void => {
        const key = `${px} ${py} ${dx} ${dy}`;
        if (seen.has(key)) return;
        seen.add(key);
        const char = at(px, py);
        if (char === '▼') {
          const target = boxes.find((each) => each.top === py + 1 && each.left < px && px < each.right);
          edges.add(`${box.id} -> ${target?.id ?? 'nothing'}`);
          return;
        }
        // A line passes under one that crosses it.
        if (char === '│' && dx !== 0) {
          follow(px + dx, py, dx, 0);
          return;
        }
        const sides = SIDES[char];
        if (sides === undefined) {
          edges.add(`${box.id} -> lost at ${px},${py} ${JSON.stringify(char)}`);
          return;
        }
        if (sides.includes('S')) follow(px, py + 1, 0, 1);
        // Never back, and never up: lines go down.
        if (sides.includes('E') && dx !== -1) follow(px + 1, py, 1, 0);
        if (sides.includes('W') && dx !== 1) follow(px - 1, py, -1, 0);
      };
      follow(x, box.bottom + 1, 0, 1);
    }
  }
  return { nodes: boxes.map((box) => box.id).sort(), edges: [...edges].sort() };
}

const SIDES: Record<string, string> = {
  '│': 'NS',
  '─': 'EW',
  '╭': 'ES',
  '╮': 'WS',
  '╰': 'NE',
  '╯': 'NW',
  '├': 'NES',
  '┤': 'NSW',
  '┬': 'ESW',
  '┴': 'NEW',
  '┼': 'NESW',
};
