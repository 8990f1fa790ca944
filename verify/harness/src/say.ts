/** Lines for people, as things happen. */
export type Say = (line: string) => void;
