"""Takes a Data Wrangler flow through its nodes: a flow file and data sets in, tables out."""
