-- AlterTable
ALTER TABLE "skills" ADD COLUMN "mcp_oauth_issuer" TEXT,
ADD COLUMN "mcp_oauth_client_id" TEXT,
ADD COLUMN "mcp_oauth_scopes" TEXT[];

UPDATE "skills" SET "mcp_oauth_scopes" = '{}';

-- All of a client is there, or nothing.
ALTER TABLE "skills" ADD CONSTRAINT "skills_mcp_oauth" CHECK (("mcp_oauth_issuer" IS NULL) = ("mcp_oauth_client_id" IS NULL));
