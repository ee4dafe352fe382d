/** What a scripted model, tool or hook throws: an error of the application, not one of the runtime. */
export class ScriptedFailure extends Error {
  override readonly name: string = "ScriptedFailure";
}
