"""genspec in an editor: what `genspec check` finds, what a field means, and fixes, by the Language Server Protocol."""
