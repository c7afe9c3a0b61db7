ALTER TYPE "WireFormat" ADD VALUE 'AZURE';

ALTER TABLE "providers" ADD COLUMN "api_version" TEXT;
