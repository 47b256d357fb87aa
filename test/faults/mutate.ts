export const tryMutations = async (_word: string, _o: unknown): Promise<boolean> => true;
