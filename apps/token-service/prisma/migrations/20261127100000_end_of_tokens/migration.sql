-- For deleting tokens that ended long ago.
CREATE INDEX "webhook_tokens_end_idx" ON "webhook_tokens" (LEAST("revoked_at", "expires_at"))
  WHERE LEAST("revoked_at", "expires_at") IS NOT NULL;
