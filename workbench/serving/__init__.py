"""How requests come in: connections and their deadlines, and the process for expensive ones."""
