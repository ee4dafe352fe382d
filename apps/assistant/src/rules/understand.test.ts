import { describe, expect, it } from "vitest";
import { understand } from "./understand.ts";

/** What a plan does first. */
function first(said: string, lastAnswer = ""): unknown {
  const plan = understand(said, lastAnswer);
  const decision = plan.next([]);
  const [call] = "calls" in decision ? decision.calls : [];
  const agent = plan.agent === undefined ? [] : [plan.agent];
  return call ? [...agent, call.name, call.args] : [...agent, "says"];
}

describe("arithmetic", () => {
  it.each([
    ["what is 12*7?", "12*7"],
    ["how much is (3 + 4) * 11 - 2", "(3 + 4) * 11 - 2"],
    ["12*7=", "12*7"],
    ["hey, could you please tell me what twenty-five times four is?", "25 * 4"],
    ["what's 15% of 80?", "15% of 80"],
    ["15 percent of 80 please", "15% of 80"],
    ["divide 144 by 12", "144 / 12"],
    ["subtract 3 from 10", "10 - 3"],
    ["Add 3 and 4!", "3 + 4"],
    ["the square root of 169?", "sqrt(169)"],
    ["two to the power of ten", "2 ^ 10"],
    ["9 squared plus 1", "9^2 + 1"],
    ["calculate 3 x 4 for me", "3 * 4"],
    ["half of 90", "1/2 * 90"],
    ["1,250 / 5, please", "1,250 / 5"],
    ["-4 + 10", "-4 + 10"],
    ["I want to know 2+2", "2+2"],
    ["Is 17*3 51?", "17*3"],
    ["2 to the 10th power", "2 ^ 10"],
    ["two hundred and five minus a thousand", "205 - 1000"],
    ["six by seven?", "6 * 7"],
  ])("%s", (said, expression) => {
    expect(first(said)).toEqual(["calculate", { expression }]);
  });
});

describe("notes", () => {
  it.each([
    ["remember that I like tea", "I like tea"],
    ["could you note down: my sister's name is Ida", "my sister's name is Ida"],
    ["Please remember: the code is 4+5", "the code is 4+5"],
    ["don't forget that the train leaves at 9:15", "the train leaves at 9:15"],
    ["make a note that I was born on 1990-05-01.", "I was born on 1990-05-01"],
    ["keep in mind, I am allergic to nuts", "I am allergic to nuts"],
    ["my birthday is 1990-05-01", "my birthday is 1990-05-01"],
    ["I live in Oslo", "I live in Oslo"],
    ["fyi, my name is Carla", "my name is Carla"],
    ["note to self: buy stamps", "buy stamps"],
    ["add a note that I hate cilantro", "I hate cilantro"],
    ["can you remember something for me? I like jazz", "I like jazz"],
  ])("%s: remembers", (said, note) => {
    expect(first(said)).toEqual(["remember", { note }]);
  });

  it.each([
    ["what do you remember about me?", undefined],
    ["do you know anything about me", undefined],
    ["who am I?", undefined],
    ["show me my notes", undefined],
    ["What have I told you?", undefined],
    ["what is my sister's name?", "sister name"],
    ["what do you know about my sister", "sister"],
    ["can you remember my name?", "name"],
    ["do I like tea?", "like tea"],
    ["where do I live", "live"],
  ])("%s: recalls", (said, about) => {
    const [name, args] = first(said) as [string, { about?: string }];
    expect(name).toBe("recall");
    expect(args.about?.replace(/\bs\b ?/, "")).toBe(about);
  });

  it.each([
    ["forget everything", {}],
    ["forget all my notes", {}],
    ["please forget that I like tea", { about: "like tea" }],
    ["delete the note about my sister", { about: "sister" }],
  ])("%s: forgets", (said, args) => {
    expect(first(said)).toEqual(["forget", args]);
  });
});

describe("files", () => {
  it.each([
    ["write hello world to notes.txt", "notes.txt", "hello world", undefined],
    ["put 'milk, eggs' into shopping.txt", "shopping.txt", "milk, eggs", undefined],
    ["Could you save “a + b” as a file called f.md?", "f.md", "a + b", undefined],
    ["create a file todo.txt with the text: 3 * 4", "todo.txt", "3 * 4", undefined],
    ["add bread to shopping.txt", "shopping.txt", "bread", true],
    ["could you write a file todo.txt that says call Bob", "todo.txt", "call Bob", undefined],
    ['Store the text "a b" in a file named ab.txt', "ab.txt", "a b", undefined],
    ["append to log.txt: done", "log.txt", "done", true],
  ])("%s: writes", (said, name, text, append) => {
    expect(first(said)).toEqual(["write_file", { name, text, ...(append && { append }) }]);
  });

  it("writes the last answer", () => {
    expect(first("write that to r.txt", "12*7 = 84")).toEqual([
      "write_file",
      { name: "r.txt", text: "12*7 = 84" },
    ]);
    expect(first("write that to r.txt")).toEqual(["says"]);
  });

  it.each([
    "show me shopping.txt",
    "what's in shopping.txt?",
    "read shopping.txt",
    "cat shopping.txt",
  ])("%s: reads", (said) => {
    expect(first(said)).toEqual(["read_file", { name: "shopping.txt" }]);
  });

  it.each(["what files do I have?", "list my files", "are there any files", "ls"])(
    "%s: lists",
    (said) => {
      expect(first(said)).toEqual(["list_files", {}]);
    },
  );

  it("deletes none, and no notes in their place", () => {
    expect(first("delete notes.txt")).toEqual(["says"]);
  });
});

describe("time", () => {
  it.each([
    ["what time is it?", {}],
    ["what's the date today", {}],
    ["tell me the time", {}],
    ["What time is it in Tokyo right now?", { place: "Tokyo" }],
    ["do you have the time in America/New_York", { place: "America/New_York" }],
    ["what day is it in São Paulo?", { place: "São Paulo" }],
  ])("%s", (said, args) => {
    expect(first(said)).toEqual(["current_time", args]);
  });
});

describe("the librarian", () => {
  it.each([
    ["save everything you know about me to me.txt", ["librarian", "recall", {}]],
    ["write my notes to a file", ["librarian", "recall", {}]],
    ["which files mention milk?", ["librarian", "list_files", {}]],
    ["search my files for 'oat milk'", ["librarian", "list_files", {}]],
    ["let me talk to the librarian", ["librarian", "says"]],
    ["ask the librarian to read a.txt", ["librarian", "read_file", { name: "a.txt" }]],
    ["go back to the assistant", ["assistant", "says"]],
  ])("%s", (said, expected) => {
    expect(first(said)).toEqual(expected);
  });
});

describe("what is left", () => {
  it.each(["hi", "thanks!", "help", "who are you?", "what can you do for me?", "sing a song", ""])(
    "%s: words only",
    (said) => {
      expect(first(said)).toEqual(["says"]);
    },
  );
});
