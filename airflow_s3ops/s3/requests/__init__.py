"""How requests are made and answered, whatever they ask for."""
