import { InvalidParamError, TooLargeError } from '#kernel/errors';
import { MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import { isJsonObject, type JsonObject } from '#kernel/json';
import type { AccountData } from './account-data.service';

const TAG = 'm.tag';
const MAX_TAGS = 100;

/** Tags of rooms, which are the room account data `m.tag`. Spec: "Room Tagging". */
export class Tags {
  constructor(private readonly accountData: AccountData) {}

  /** The user's tags on a room, by name. */
  async list(userId: string, roomId: string): Promise<Record<string, JsonObject>> {
    return readTags((await this.accountData.get(userId, roomId, TAG)) ?? {});
  }

  /** Puts a tag on a room, or gives it another order. @throws InvalidParamError, TooLargeError */
  async set(userId: string, roomId: string, tag: string, value: JsonObject): Promise<void> {
    if (tag === '' || utf8Length(tag) > MAX_ID_BYTES) throw new InvalidParamError(`tag: 1 to ${MAX_ID_BYTES} bytes`);
    await this.accountData.edit(userId, roomId, TAG, (content) => {
      const tags = { ...readTags(content), [tag]: value };
      if (Object.keys(tags).length > MAX_TAGS) throw new TooLargeError(`tag: a room has at most ${MAX_TAGS} tags`);
      return { ...content, tags };
    });
  }

  /** Takes a tag off. One that is not there is off already. */
  async remove(userId: string, roomId: string, tag: string): Promise<void> {
    if (!Object.hasOwn(await this.list(userId, roomId), tag)) return;
    await this.accountData.edit(userId, roomId, TAG, (content) => {
      const tags = readTags(content);
      delete tags[tag];
      return { ...content, tags };
    });
  }
}

function readTags(content: JsonObject): Record<string, JsonObject> {
  const tags = content['tags'];
  if (!isJsonObject(tags)) return {};
  return Object.fromEntries(
    Object.entries(tags).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1])),
  );
}
