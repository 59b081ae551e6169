import { test } from "node:test";

import { runFolder } from "turnwise-plugin/testing";

import bot from "../src/bot.ts";

test("transcripts", () => runFolder(bot, "tests"));
