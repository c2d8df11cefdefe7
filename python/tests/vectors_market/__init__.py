"""The market's golden vectors, a second time: from docs/spec, sharing no code with Sources."""
