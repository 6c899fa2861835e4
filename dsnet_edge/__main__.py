from dsnet_edge.cli import main

main()
