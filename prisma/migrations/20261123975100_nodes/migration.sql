-- Who serves `/work`, and up to which change each acts: a change answers when all of them do.

-- CreateTable
CREATE TABLE "nodes" (
    "id" UUID NOT NULL,
    "applied" BIGINT NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL,
    "serves_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);
