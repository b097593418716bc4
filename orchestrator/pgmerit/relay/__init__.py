"""The relay: takes award events from the outbox and delivers them as signed webhooks."""
