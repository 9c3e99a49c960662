"""The transfer engine: one object, from the decision to send it to the answer that it is stored."""
