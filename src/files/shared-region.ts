import { type FileHandle, open, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { systemErrorCode, TriptychError } from "../errors/index.ts";
import { newRegionName, SHARED_MEMORY_FOLDER } from "./shared-region-name.ts";

/** Pages of this size are what the system maps, so a part of a region begins at one of them. */
export const PAGE = 4096;

const CHUNK = 2 ** 22;

/** Reads of more than this go in parts, which several threads then copy. */
const PART = 2 ** 24;

/**
 * A piece of memory that other processes of this machine open by its name. To this process it is a file: what it reads
 * and writes there is what the others see mapped.
 */
export interface SharedRegion extends AsyncDisposable {
  readonly name: string;
  /** The name as `shm_open` takes it. */
  readonly key: string;
  readonly byteSize: number;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Fills `target` from the region. */
  read(target: Uint8Array, offset: number): Promise<void>;
  /** Takes the name away. Who has the region open keeps it; nobody else can open it any more. */
  unlink(): Promise<void>;
  /** Gives the memory back, once nobody else has it. Takes the name away too. May be called again. */
  close(): Promise<void>;
}

/**
 * Makes a region of zeros, readable by this user alone.
 *
 * All its memory is taken now, because a process that touches what the machine does not have is killed; and it never
 * shrinks, for the same reason.
 *
 * @throws TriptychError `shared-memory-unavailable` where there is none, or not as much.
 */
export async function createSharedRegion(byteSize: number): Promise<SharedRegion> {
  const size = Math.max(PAGE, Math.ceil(byteSize / PAGE) * PAGE);
  await requireSpace(size);
  const name = newRegionName();
  const file = path.join(SHARED_MEMORY_FOLDER, name);
  const handle = await open(file, "wx+", 0o600).catch((reason: unknown) => {
    throw unavailable(`cannot make ${file}: ${systemErrorCode(reason) ?? String(reason)}`, reason);
  });
  const region = new FileRegion(name, file, size, handle);
  try {
    await region.fill();
    return region;
  } catch (reason) {
    await region.close();
    throw unavailable(`cannot take ${size} bytes: ${systemErrorCode(reason) ?? String(reason)}`, reason);
  }
}

class FileRegion implements SharedRegion {
  readonly name: string;
  readonly key: string;
  readonly byteSize: number;
  readonly #file: string;
  readonly #handle: FileHandle;
  #linked = true;
  #closed: Promise<void> | undefined;

  constructor(name: string, file: string, byteSize: number, handle: FileHandle) {
    this.name = name;
    this.key = `/${name}`;
    this.byteSize = byteSize;
    this.#file = file;
    this.#handle = handle;
  }

  /** Writes zeros all over, which makes the system hand out every page. */
  async fill(): Promise<void> {
    const zeros = new Uint8Array(Math.min(CHUNK, this.byteSize));
    for (let at = 0; at < this.byteSize; at += CHUNK) {
      await this.write(zeros.subarray(0, Math.min(CHUNK, this.byteSize - at)), at);
    }
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    this.#require(bytes.length, offset);
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  }

  async read(target: Uint8Array, offset: number): Promise<void> {
    this.#require(target.length, offset);
    const parts = [];
    for (let at = 0; at < target.length; at += PART) {
      parts.push(this.#readPart(target.subarray(at, at + PART), offset + at));
    }
    await Promise.all(parts);
  }

  async #readPart(target: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await this.#handle.read(target, done, target.length - done, offset + done);
      if (bytesRead === 0) throw unavailable(`${this.key} was cut to ${offset + done} bytes`);
      done += bytesRead;
    }
  }

  async unlink(): Promise<void> {
    if (!this.#linked) return;
    this.#linked = false;
    await rm(this.#file, { force: true });
  }

  close(): Promise<void> {
    this.#closed ??= this.unlink().finally(() => this.#handle.close());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The file would grow with a write past its end, and the others' view of it would not. */
  #require(length: number, offset: number): void {
    if (Number.isSafeInteger(offset) && offset >= 0 && offset + length <= this.byteSize) return;
    const part = `bytes ${offset} to ${offset + length}`;
    throw new TriptychError("request-invalid", `${this.key} has ${this.byteSize} bytes, got ${part}.`, {
      hint: "Stay within the region, or lease a larger one.",
    });
  }
}

async function requireSpace(byteSize: number): Promise<void> {
  const space = await statfs(SHARED_MEMORY_FOLDER).catch((reason: unknown) => {
    throw unavailable(`this machine has no ${SHARED_MEMORY_FOLDER}`, reason);
  });
  const free = space.bavail * space.bsize;
  if (byteSize > free) {
    throw unavailable(`expected ${byteSize} bytes free in ${SHARED_MEMORY_FOLDER}, got ${free}`);
  }
}

function unavailable(problem: string, cause?: unknown): TriptychError {
  return new TriptychError("shared-memory-unavailable", `Shared memory: ${problem}.`, {
    hint: "In a container, give it more with --shm-size or a memory volume at /dev/shm.",
    ...(cause === undefined ? {} : { cause }),
  });
}
