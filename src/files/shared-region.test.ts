import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createSharedRegion,
  identityOf,
  isAbandoned,
  newRegionName,
  PAGE,
  removeAbandonedRegions,
  type SharedRegion,
} from "./index.ts";

const fileOf = (name: string): string => `/dev/shm/${name}`;

async function regionOf(byteSize: number): Promise<SharedRegion> {
  const region = await createSharedRegion(byteSize);
  onTestFinished(() => region.close());
  return region;
}

/** A process that is killed outright, and the name that a region of its would have. */
async function killedProcess(): Promise<string> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const { startTime } = identityOf(child.pid ?? 0);
  const [, mark] = newRegionName().split("-");
  const name = `triptych-${mark}-${child.pid}-${startTime ?? 0}-0123456789abcdef`;
  expect(isAbandoned(name)).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  return name;
}

describe("a shared region", () => {
  it("is what another process sees under its name, all its pages taken, for this user alone", async () => {
    const region = await regionOf(PAGE + 1);
    const file = fileOf(region.name);
    expect(region.key).toBe(`/${region.name}`);
    expect(statSync(file)).toMatchObject({ size: 2 * PAGE, mode: 0o100600 });
    expect(statSync(file).blocks * 512).toBe(2 * PAGE);
    const other = openSync(file, "r+");
    onTestFinished(() => {
      closeSync(other);
    });
    await region.write(Uint8Array.of(1, 2, 3), PAGE);
    const seen = new Uint8Array(3);
    readSync(other, seen, 0, 3, PAGE);
    expect(seen).toEqual(Uint8Array.of(1, 2, 3));
    writeSync(other, Uint8Array.of(9), 0, 1, PAGE + 1);
    await region.read(seen, PAGE);
    expect(seen).toEqual(Uint8Array.of(1, 9, 3));
  });

  it("stays with who has it open when its name is gone, and goes when closed", async () => {
    const region = await createSharedRegion(10);
    const other = openSync(fileOf(region.name), "r");
    await region.unlink();
    expect(existsSync(fileOf(region.name))).toBe(false);
    await region.write(Uint8Array.of(5), 0);
    const seen = new Uint8Array(1);
    readSync(other, seen, 0, 1, 0);
    expect([seen[0], fstatSync(other).nlink]).toEqual([5, 0]);
    closeSync(other);
    await region.close();
    await region.close();
    await expect(region.read(seen, 0)).rejects.toThrow();
  });

  it("reads what is large in parts, and whole", async () => {
    const bytes = Buffer.from(new Uint32Array(5 * 2 ** 20).map((_, at) => at).buffer);
    const region = await regionOf(bytes.length + PAGE);
    await region.write(bytes, PAGE);
    const seen = new Uint8Array(bytes.length);
    await region.read(seen, PAGE);
    expect(Buffer.compare(seen, bytes)).toBe(0);
  });

  it("refuses what lies outside, and is never made larger", async () => {
    const region = await regionOf(PAGE);
    const outside = { code: "request-invalid", message: expect.stringContaining(`${PAGE} bytes`) as string };
    await expect(region.write(new Uint8Array(2), PAGE - 1)).rejects.toMatchObject(outside);
    await expect(region.read(new Uint8Array(1), -1)).rejects.toMatchObject(outside);
    expect(statSync(fileOf(region.name)).size).toBe(PAGE);
  });

  it("is refused before anything is made where the machine has not as much", async () => {
    await expect(createSharedRegion(2 ** 50)).rejects.toMatchObject({
      code: "shared-memory-unavailable",
      message: expect.stringMatching(/expected \d+ bytes free in \/dev\/shm, got \d+/) as string,
    });
  });
});

describe("what a killed process left", () => {
  it("is removed, and what living ones have is not", async () => {
    const left = await killedProcess();
    writeFileSync(fileOf(left), "left");
    const mine = await regionOf(1);
    expect(isAbandoned(left)).toBe(true);
    expect(isAbandoned(mine.name)).toBe(false);
    expect(removeAbandonedRegions()).toContain(left);
    expect(existsSync(fileOf(left))).toBe(false);
    expect(existsSync(fileOf(mine.name))).toBe(true);
  });

  it("is left alone where it is of another machine, or not ours", async () => {
    const name = await killedProcess();
    expect(isAbandoned(name.replace(/triptych-\w{8}/, "triptych-00000000"))).toBe(false);
    expect(isAbandoned("triton_python_backend_shm_region_1")).toBe(false);
    expect(isAbandoned(`${name}0`)).toBe(false);
  });
});
