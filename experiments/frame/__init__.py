"""What all experiments share, written once; an experiment needs to know none of it.

experiment   what a module must hold to be an experiment
runs         makes the runs that are missing, in parallel, and keeps each as soon as it is finished
record       the JSON file of an experiment: made, written, loaded, compared with today's settings
pairs        two conditions compared seed by seed
machine      versions and processor, as a record tells them
files        files written whole or not at all
"""
