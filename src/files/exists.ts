import { access } from "node:fs/promises";

/** Whether something stands under a path. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
