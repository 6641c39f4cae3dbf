import { TriptychError } from "../../errors/index.ts";
import type { Contract } from "../../model-config/index.ts";
import { type ConnectOptions, studioOver } from "../connect.ts";
import { withSharedMemory } from "../shared-memory/open.ts";
import { shownValue } from "../shown.ts";
import type { OpenStudio, Studio } from "../studio.ts";
import { ReplayTransport } from "./replay-transport.ts";
import { Session } from "./session.ts";

/** How a session is played again; as when it was recorded, but for what has to do with the connection. */
export type ReplayOptions<C extends Contract> = Pick<
  ConnectOptions<C>,
  "contract" | "skipContractCheck" | "use"
>;

/**
 * A studio that answers out of a recorded session, without a server. Each recorded inference answers one call that is
 * equal to it; questions to the server are answered as often as they are asked.
 *
 * @throws TriptychError `replay-mismatch`, here or from a call, that names what is not as recorded, field by field.
 */
export async function replay<const C extends Contract>(
  session: Session,
  options: ReplayOptions<C>,
): Promise<Studio<C>>;
export async function replay(
  session: Session,
  options?: Pick<ReplayOptions<Contract>, "use">,
): Promise<OpenStudio>;
export async function replay(
  session: Session,
  options: Partial<ReplayOptions<Contract>> = {},
): Promise<OpenStudio> {
  if (!((session as unknown) instanceof Session))
    throw new TriptychError("usage", `replay: expected a Session, got ${shownValue(session)}.`, {
      hint: "Read one with Session.parse.",
    });
  return studioOver(withSharedMemory(new ReplayTransport(session), false), options, Number.POSITIVE_INFINITY);
}
