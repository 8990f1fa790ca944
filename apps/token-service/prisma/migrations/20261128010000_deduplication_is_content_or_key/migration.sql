-- "none" meant the same as "key".
ALTER TYPE "deduplication" RENAME TO "deduplication_with_none";
CREATE TYPE "deduplication" AS ENUM ('content', 'key');
ALTER TABLE "sources" ALTER COLUMN "deduplication" TYPE "deduplication"
  USING (CASE "deduplication"::text WHEN 'none' THEN 'key' ELSE "deduplication"::text END)::"deduplication";
DROP TYPE "deduplication_with_none";
