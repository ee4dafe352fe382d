/**
 * The words a conversation is made of. They are the types of `@google/genai`; nothing of that package is loaded.
 * This room is the only one that names them, so that the others say `Content` and not where it comes from.
 */
export type {
  Blob,
  CitationMetadata,
  Content,
  FileData,
  FinishReason,
  FunctionCall,
  FunctionDeclaration,
  FunctionResponse,
  GenerateContentConfig,
  GenerateContentResponse,
  GenerateContentResponseUsageMetadata,
  GroundingMetadata,
  HttpOptions,
  LiveConnectConfig,
  LiveServerGoAway,
  LiveServerSessionResumptionUpdate,
  LogprobsResult,
  Part,
  Schema,
  SchemaUnion,
  Tool,
  Transcription,
} from "@google/genai";
