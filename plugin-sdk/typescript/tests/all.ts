import "./effects.ts";
import "./events.ts";
import "./llm.ts";
import "./plugin.ts";
import "./random.ts";
import "./testing.ts";
import "./text.ts";
