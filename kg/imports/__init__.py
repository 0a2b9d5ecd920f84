"""The ledger of what was published, and the build of data/ into a release."""
